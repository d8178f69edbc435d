/* The subcommands, in the order in which --help lists them: the name, of which cmd_NAME.c holds the code, and what it
 * does. To add one is to write that file and a row here. */
#ifndef LWS_COMMANDS_H
#define LWS_COMMANDS_H

#define CLI_COMMANDS(ROW)                                                                                              \
    ROW(prepare, "images to a dataset: list, crop, resize, write HDF5 shards")                                         \
    ROW(train, "train an auto-encoder, alone or under mpirun")                                                         \
    ROW(table1, "Table 1 of the paper: models by losses by seeds, with one command")                                   \
    ROW(sweep, "trainings over lists of values of any keys, and their figures")                                        \
    ROW(replay, "repeat the step in which a run diverged")                                                             \
    ROW(evaluate, "SSIM, MS-SSIM, MSE, PSNR and colour of a trained model on a split")                                 \
    ROW(reconstruct, "originals above their reconstructions, as a PNG")                                                \
    ROW(export, "a trained model in the format of another program")                                                    \
    ROW(compare, "every metric and loss between two images")                                                           \
    ROW(inspect, "what a dataset, a checkpoint or a run holds")                                                        \
    ROW(verify, "recompute every digest of a dataset, a checkpoint or a run")                                          \
    ROW(bench, "how fast this machine runs the parts of training")

#endif
