/* What the paper claims of LWSSIM, held against the cells: private to this folder. Not collective. */
#ifndef LWS_TABLE_CLAIMS_H
#define LWS_TABLE_CLAIMS_H

#include "results.h"

#include "table/report_table.h"

typedef enum claim_verdict {
    CLAIM_HOLDS,    /* the difference has the sign that is claimed, and p < .05 */
    CLAIM_DOES_NOT, /* it has the other sign, and p < .05 */
    CLAIM_UNDECIDED
} claim_verdict;

/* "holds", "does not", "undecided" */
extern const char *const claim_verdict_text[];

typedef enum claim_paper { PAPER_SAYS_NOTHING, PAPER_SAYS_SO, PAPER_SAYS_OTHERWISE } claim_paper;

typedef struct claim {
    const char *model; /* of the names */
    char text[80];     /* "SSIM-G11: lwssim > mse" */
    table_value which;
    double difference, low,
        high;  /* of the first loss's value less the second's; 95 % confidence, of this claim alone */
    double p;  /* two-sided, corrected by Holm over all claims of the table */
    int seeds; /* that both losses have; 1: training variance is not covered */
    claim_verdict verdict;
    claim_paper paper; /* whether the paper's own figures show it */
} claim;

typedef struct claims {
    int count;
    claim *item; /* [count], model by model */
} claims;

/* All claims whose cells are there: with the seeds that both losses have finished, on two images at least, of values
 * that are finite. free(item) is due in any case. LWS_ERR_MEMORY. */
lws_status claims_make(const table_results *results, const lws_table_names *names, claims *out);

#endif
