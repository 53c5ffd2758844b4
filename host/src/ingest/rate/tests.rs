use std::time::Duration;

use proptest::prelude::*;

use super::*;

const RATE: Rate = Rate { per_second: 10, burst: 3 };

fn org(name: &str) -> Org {
    name.into()
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(1_800_000_000_000 + millis).unwrap()
}

fn admitted(remaining: u32) -> Admission {
    Admission::Admitted { remaining }
}

fn refused(millis: u64) -> Admission {
    Admission::Refused { retry_after: Duration::from_millis(millis) }
}

#[test]
fn a_burst_is_taken_and_then_the_rate() {
    let limiter = Limiter::default();
    let acme = org("acme");
    let ask = |millis| limiter.admit(&acme, RATE, at(millis));
    assert_eq!([ask(0), ask(0), ask(0), ask(0)], [admitted(2), admitted(1), admitted(0), refused(100)]);
    // Who was refused has taken nothing.
    assert_eq!([ask(40), ask(99), ask(100), ask(100)], [refused(60), refused(1), admitted(0), refused(100)]);
    // A pause fills the bucket, and not more than that.
    assert_eq!(
        [ask(10_000), ask(10_000), ask(10_000), ask(10_000)],
        [admitted(2), admitted(1), admitted(0), refused(100)]
    );
}

#[test]
fn orgs_do_not_take_from_each_other() {
    let limiter = Limiter::default();
    for _ in 0..9 {
        limiter.admit(&org("acme"), RATE, at(0));
    }
    assert_eq!(limiter.admit(&org("zeta"), RATE, at(0)), admitted(2));
}

#[test]
fn a_rate_is_changed_while_it_holds() {
    let limiter = Limiter::default();
    let acme = org("acme");
    let ask = |rate, millis| limiter.admit(&acme, rate, at(millis));
    let faster = Rate { per_second: 1000, burst: 100 };
    for _ in 0..3 {
        ask(RATE, 0);
    }
    assert_eq!(ask(RATE, 0), refused(100));
    // The bucket is empty, at worst, at the new rate.
    assert_eq!(ask(faster, 0), refused(1));
    assert_eq!(ask(faster, 1), admitted(0));
    assert_eq!(ask(Rate { per_second: 0, burst: 3 }, 5_000), refused(3_600_000));
    assert_eq!(ask(Rate { per_second: 10, burst: 0 }, 5_000), admitted(0), "a burst is at least one");
}

#[test]
fn a_clock_that_goes_back_locks_nobody_out() {
    let limiter = Limiter::default();
    let acme = org("acme");
    limiter.admit(&acme, RATE, at(3_600_000));
    assert_eq!(limiter.admit(&acme, RATE, at(0)), refused(100));
    assert_eq!(limiter.admit(&acme, RATE, at(100)), admitted(0));
}

#[test]
fn full_buckets_are_forgotten() {
    let limiter = Limiter::default();
    for number in 0..10_000 {
        limiter.admit(&org(&format!("org-{number}")), RATE, at(number));
    }
    assert!(limiter.0.lock().unwrap().full_at.len() <= SWEEP + 1);
}

proptest! {
    /// In any time, no more is admitted than the burst and what the rate gives.
    #[test]
    fn no_more_than_the_rate(
        per_second in 1u32..2_000,
        burst in 1u32..50,
        pauses in proptest::collection::vec(0u64..20_000, 1..300),
    ) {
        let limiter = Limiter::default();
        let rate = Rate { per_second, burst };
        let (mut micros, mut count, mut last_refusal) = (0u64, 0u64, None);
        let now = |micros: u64| Timestamp::from_microsecond(1_800_000_000_000_000 + i64::try_from(micros).unwrap()).unwrap();
        for pause in pauses {
            micros += pause;
            match limiter.admit(&org("acme"), rate, now(micros)) {
                Admission::Admitted { .. } => {
                    count += 1;
                    if let Some(until) = last_refusal {
                        prop_assert!(u128::from(micros) * 1000 >= until, "it came before it was told to");
                    }
                }
                Admission::Refused { retry_after } => {
                    last_refusal = Some(u128::from(micros) * 1000 + retry_after.as_nanos());
                }
            }
            let most = u64::from(burst) + micros * u64::from(per_second) / 1_000_000 + 1;
            prop_assert!(count <= most, "{} of {}", count, most);
        }
    }

    /// Who comes when it was told to is admitted.
    #[test]
    fn who_waits_as_told_is_admitted(per_second in 1u32..5_000, burst in 1u32..50) {
        let limiter = Limiter::default();
        let rate = Rate { per_second, burst };
        let start = at(0);
        let retry_after = loop {
            match limiter.admit(&org("acme"), rate, start) {
                Admission::Admitted { .. } => {}
                Admission::Refused { retry_after } => break retry_after,
            }
        };
        let admission = limiter.admit(&org("acme"), rate, start + retry_after);
        prop_assert_eq!(admission, Admission::Admitted { remaining: 0 });
    }
}
