/* Grades two regions.
 *
 *   kistdsl build rules/mtd.kr --target c -o examples/c/mtd.c
 *   cc -std=c99 examples/c/main.c examples/c/mtd.c -o grade -lm
 */
#include <stdio.h>

#include "mtd.h"

int main(void)
{
    double rows[2][MTD_PROPERTIES] = {{0}};
    int i;

    rows[0][MTD_COLUMN_area] = 0.04; /* a large dark even patch */
    rows[0][MTD_COLUMN_gray] = 30.0;
    rows[0][MTD_COLUMN_unevenness] = 2.0;
    rows[1][MTD_COLUMN_gray] = 130.0; /* the plain surface */

    printf("%s, alpha %g\n", MTD_PRODUCT, MTD_ALPHA);
    for (i = 0; i < 2; i++) {
        const mtd_result r = mtd_evaluate(rows[i]);
        printf("%.2f %s%s\n", r.grade, r.anomalous ? "anomalous by " : "fine",
               r.anomalous ? mtd_rule_names[r.rule] : "");
    }
    return 0;
}
