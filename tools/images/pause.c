/*
 * The first process of a pod's sandbox: it holds the pod's namespaces, reaps orphans when the pod shares
 * its process namespace, and leaves on TERM or INT. No C library: tcc, gcc and clang all compile it to a few kilobytes.
 *
 * The signals stay blocked and are fetched one by one, so no handler is needed. (A pid 1 without handlers ignores
 * signals, but blocked ones are queued for it all the same.)
 */

#define SYS_RT_SIGPROCMASK 14
#define SYS_EXIT_GROUP 231
#define SYS_WAIT4 61
#define SYS_RT_SIGTIMEDWAIT 128
#define SIGINT 2
#define SIGTERM 15
#define SIGCHLD 17
#define WNOHANG 1

static long syscall4(long number, long a, long b, long c, long d)
{
    long result;
    asm volatile("movq %5, %%r10\n\tsyscall"
                 : "=a"(result)
                 : "a"(number), "D"(a), "S"(b), "d"(c), "m"(d)
                 : "rcx", "r10", "r11", "memory");
    return result;
}

void _start(void)
{
    unsigned long signals = 1UL << (SIGINT - 1) | 1UL << (SIGTERM - 1) | 1UL << (SIGCHLD - 1);
    syscall4(SYS_RT_SIGPROCMASK, 0, (long)&signals, 0, sizeof signals);
    for (;;) {
        long signal = syscall4(SYS_RT_SIGTIMEDWAIT, (long)&signals, 0, 0, sizeof signals);
        if (signal == SIGINT || signal == SIGTERM)
            syscall4(SYS_EXIT_GROUP, 0, 0, 0, 0);
        while (syscall4(SYS_WAIT4, -1, 0, WNOHANG, 0) > 0)
            ;
    }
}
