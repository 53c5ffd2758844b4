//! The threads that guests run on, apart from those that serve requests: a busy guest delays other guests for a tick, and no
//! sender at all.

use tokio::runtime::{Builder, Handle, Runtime};

/// The threads. They end when this is dropped, which does not wait for them, since an asynchronous task may not.
pub struct Threads(Option<Runtime>);

impl Threads {
    /// So many threads; 0 is one for each processor.
    ///
    /// # Errors
    /// The operating system refuses them.
    pub fn start(threads: usize) -> std::io::Result<Self> {
        let mut builder = Builder::new_multi_thread();
        if threads > 0 {
            builder.worker_threads(threads);
        }
        builder.thread_name("guest").enable_all().on_thread_start(let_who_wakes_go_on);
        Ok(Self(Some(builder.build()?)))
    }

    /// Where tasks that run guests are spawned.
    pub fn handle(&self) -> Handle {
        self.0.as_ref().expect("the runtime is taken when this is dropped").handle().clone()
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Makes this thread one of `SCHED_BATCH`, which differs from others in one thing: when it is woken on a processor that another thread
/// is at work on, it waits until that one has nothing more to do or has had its slice (`sched(7)`).
///
/// So a thread that serves requests hands over all that have come before a guest runs, and neither it nor the guest finds
/// the processor's caches full of the other's code for each event: that costs more than a sandbox.
fn let_who_wakes_go_on() {
    #[cfg(target_os = "linux")]
    {
        // The only member of `struct sched_param` in the kernel.
        let priority: libc::c_int = 0;
        #[expect(
            unsafe_code,
            reason = "no library that is at hand sets a policy and leaves the thread's niceness alone"
        )]
        // SAFETY: the system call reads `priority`, which outlives it, and changes how the calling thread is scheduled.
        let result = unsafe { libc::syscall(libc::SYS_sched_setscheduler, 0, libc::SCHED_BATCH, &raw const priority) };
        if result != 0 {
            static SAID: std::sync::Once = std::sync::Once::new();
            let error = std::io::Error::last_os_error();
            SAID.call_once(|| tracing::warn!(%error, "no scheduling policy for guests' threads; events cost more"));
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    /// The field of `/proc/thread-self/stat` that has the policy, counted from the one after the thread's name (`proc_pid_stat(5)`).
    const POLICY: usize = 38;

    #[test]
    fn they_let_who_wakes_them_go_on() {
        let threads = Threads::start(1).unwrap();
        let stat = threads.handle().spawn(async { std::fs::read_to_string("/proc/thread-self/stat").unwrap() });
        let runtime = Builder::new_current_thread().build().unwrap();
        let stat = runtime.block_on(stat).unwrap();
        let policy = stat.rsplit_once(')').unwrap().1.split_whitespace().nth(POLICY).unwrap();
        assert_eq!(policy, libc::SCHED_BATCH.to_string(), "{stat}");
    }
}
