/* Requests in flight, the list of what moves them on, and the thread that looks after them. */
#include "messages.h"

#include "base/progress.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

struct messages {
    lws_comm *comm;
    comm_background background;
    bool (*next)(void *user);
    void *user;
    bool to_start; /* next() has more for later */
    size_t most;
    int active;
    /* [most], the first `active` in use: */
    MPI_Request *request;
    int **left;
    int *done; /* scratch */
    /* The thread: */
    int pause;
    bool is_running, stop;
    pthread_t thread;
    pthread_cond_t wake;
};

static bool is_idle(const messages *m)
{
    return m->active == 0 && !m->to_start;
}

/* Takes those that are through off the list. */
static void take_off(messages *m, int done)
{
    for (int i = 0; i < done; i++)
        --*m->left[m->done[i]];
    int kept = 0;
    for (int i = 0; i < m->active; i++) {
        if (m->request[i] == MPI_REQUEST_NULL)
            continue;
        m->request[kept] = m->request[i];
        m->left[kept++] = m->left[i];
    }
    m->active = kept;
}

static void progress(void *user)
{
    messages *m = user;
    int done = 1;
    while (done > 0) {
        m->to_start = m->next(m->user);
        if (m->active == 0)
            break;
        MPI_Testsome(m->active, m->request, &done, m->done, MPI_STATUSES_IGNORE);
        take_off(m, done);
    }
}

static void pause_for(int microseconds)
{
    struct timespec time = {.tv_sec = microseconds / 1000000, .tv_nsec = microseconds % 1000000 * 1000L};
    nanosleep(&time, NULL);
}

static void *progress_thread(void *user)
{
    messages *m = user;
    pthread_mutex_t *lock = &comm_process.lock;
    pthread_mutex_lock(lock);
    while (!m->stop) {
        if (is_idle(m)) {
            pthread_cond_wait(&m->wake, lock);
            continue;
        }
        progress(m);
        pthread_mutex_unlock(lock);
        do
            pause_for(m->pause);
        while (pthread_mutex_trylock(lock) != 0); /* who holds it moves the messages as well */
    }
    pthread_mutex_unlock(lock);
    return NULL;
}

/* Signals are for the thread that trains. */
static lws_status start_thread(messages *m)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    m->is_running = pthread_create(&m->thread, NULL, progress_thread, m) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return m->is_running ? LWS_OK : lws_fail(LWS_ERR_MEMORY, "cannot start the thread that moves messages");
}

static void release(messages *m)
{
    if (!m)
        return;
    pthread_cond_destroy(&m->wake);
    free(m->request);
    free(m->left);
    free(m->done);
    free(m);
}

lws_status messages_create(lws_comm *comm, size_t most, int pause, bool (*next)(void *user), void *user, messages **out)
{
    messages *m = calloc(1, sizeof *m);
    *out = NULL;
    if (m) {
        *m = (messages){.comm = comm,
                        .background = {.progress = progress, .user = m},
                        .next = next,
                        .user = user,
                        .most = most,
                        .request = calloc(most + 1, sizeof *m->request),
                        .left = calloc(most + 1, sizeof *m->left),
                        .done = calloc(most + 1, sizeof *m->done),
                        .pause = pause};
        pthread_cond_init(&m->wake, NULL);
    }
    lws_status status = LWS_OK;
    if (!m || !m->request || !m->left || !m->done)
        status = lws_fail(LWS_ERR_MEMORY, "out of memory for %zu messages", most);
    else if (pause > 0 && comm_process.allows_thread)
        status = start_thread(m);
    if (status != LWS_OK) {
        release(m);
        return status;
    }
    pthread_mutex_lock(&comm_process.lock);
    m->background.next = comm_process.background;
    comm_process.background = &m->background;
    pthread_mutex_unlock(&comm_process.lock);
    *out = m;
    return LWS_OK;
}

void messages_destroy(messages *m)
{
    if (!m)
        return;
    for (bool idle = false; !idle; messages_yield()) {
        messages_lock(m);
        progress(m);
        idle = is_idle(m);
        pthread_mutex_unlock(&comm_process.lock);
    }
    lws_progress();
    if (m->is_running) {
        pthread_mutex_lock(&comm_process.lock);
        m->stop = true;
        pthread_cond_signal(&m->wake);
        pthread_mutex_unlock(&comm_process.lock);
        pthread_join(m->thread, NULL);
    }
    pthread_mutex_lock(&comm_process.lock);
    comm_background **at = &comm_process.background;
    while (*at != &m->background)
        at = &(*at)->next;
    *at = m->background.next;
    pthread_mutex_unlock(&comm_process.lock);
    release(m);
}

void messages_lock(messages *m)
{
    (void)m; /* there is one lock for all */
    pthread_mutex_lock(&comm_process.lock);
}

void messages_unlock(messages *m)
{
    progress(m);
    if (m->is_running && !is_idle(m))
        pthread_cond_signal(&m->wake);
    pthread_mutex_unlock(&comm_process.lock);
}

void messages_receive(messages *m, float *to, size_t n, int from_rank, int tag, int *left)
{
    ++*left;
    m->left[m->active] = left;
    MPI_Irecv(to, (int)n, MPI_FLOAT, from_rank, tag, m->comm->mpi, &m->request[m->active++]);
}

void messages_send(messages *m, const float *from, size_t n, int to_rank, int tag, int *left)
{
    ++*left;
    m->left[m->active] = left;
    MPI_Isend(from, (int)n, MPI_FLOAT, to_rank, tag, m->comm->mpi, &m->request[m->active++]);
}

void messages_yield(void)
{
    lws_progress_wait();
    sched_yield();
}
