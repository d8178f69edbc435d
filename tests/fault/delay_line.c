/* A cable with a delay between two network namespaces, for kernels without netem:
 *
 *     delay_line NAMESPACE NAMESPACE SECONDS
 *
 * Makes a device "wire" in each (ip netns), and carries packets from one to the other, each SECONDS after it was sent.
 * Tells with a line on standard output that the devices are there; then one may give them addresses and, with tc, a
 * rate. Runs until it is killed. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

/* Packets come as large as TCP makes them, to be cut by a network card that is not there: that saves most of the work.
 */
enum { PACKET = 65536 + 64, PACKETS = 1024 };

typedef struct line {
    int from, to;
    unsigned first, count;
    struct {
        double due;
        size_t size;
    } packet[PACKETS];
    char (*bytes)[PACKET];
} line;

static void fail(const char *what)
{
    fprintf(stderr, "delay_line: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int open_in(const char *namespace)
{
    char path[256];
    snprintf(path, sizeof path, "/var/run/netns/%s", namespace);
    int place = open(path, O_RDONLY | O_CLOEXEC);
    if (place < 0 || setns(place, CLONE_NEWNET) != 0)
        fail(path);
    int device = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR};
    strcpy(request.ifr_name, "wire");
    if (device < 0 || ioctl(device, TUNSETIFF, &request) != 0)
        fail("/dev/net/tun");
    if (ioctl(device, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6) != 0)
        fail("offload");
    close(place);
    return device;
}

static void take_in(line *l, double delay)
{
    while (l->count < PACKETS) {
        unsigned at = (l->first + l->count) % PACKETS;
        ssize_t size = read(l->from, l->bytes[at], PACKET);
        if (size <= 0)
            return;
        l->packet[at].due = now() + delay;
        l->packet[at].size = (size_t)size;
        l->count++;
    }
}

/* Returns when the next is due; 0: none. A packet that cannot be delivered is lost, as on a cable. */
static double give_out(line *l)
{
    while (l->count > 0) {
        if (l->packet[l->first].due > now())
            return l->packet[l->first].due;
        ssize_t unused = write(l->to, l->bytes[l->first], l->packet[l->first].size);
        (void)unused;
        l->first = (l->first + 1) % PACKETS;
        l->count--;
    }
    return 0;
}

int main(int argc, char **argv)
{
    static line lines[2];
    if (argc != 4) {
        fprintf(stderr, "usage: delay_line NAMESPACE NAMESPACE SECONDS\n");
        return 2;
    }
    double delay = atof(argv[3]);
    int device[2] = {open_in(argv[1]), open_in(argv[2])};
    for (int i = 0; i < 2; i++) {
        lines[i].from = device[i];
        lines[i].to = device[!i];
        lines[i].bytes = malloc(sizeof *lines[i].bytes * PACKETS);
        if (!lines[i].bytes)
            fail("memory");
    }
    puts("ready");
    fflush(stdout);
    for (;;) {
        double due = 0;
        for (int i = 0; i < 2; i++) {
            take_in(&lines[i], delay);
            double next = give_out(&lines[i]);
            if (next > 0 && (due == 0 || next < due))
                due = next;
        }
        struct pollfd wait[2] = {{.fd = device[0], .events = POLLIN}, {.fd = device[1], .events = POLLIN}};
        double left = due > 0 ? due - now() : 0;
        struct timespec time = {.tv_nsec = left > 0 ? (long)(1e9 * left) : 0};
        ppoll(wait, 2, due > 0 ? &time : NULL, NULL);
    }
}
