//! Made-up input, and what the fuzzer has found: nothing of it harms anything.

use crate::{bodies, mutator};

/// The seeds are those of every run; `make fuzz` goes on from others.
#[test]
fn whatever_comes_harms_nothing() {
    let executions: u64 = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2)
            .map(|seed| scope.spawn(move || mutator::run(seed, 3_000_000)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("no panic"))
            .sum()
    });
    assert!(executions >= 10_000_000, "{executions}");
}

/// What the fuzzer has found and was kept: one file an input, in a folder for each body.
#[test]
fn kept_inputs_harm_nothing() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/integration/fuzz/corpus");
    for (name, body) in bodies::ALL {
        let folder = std::fs::read_dir(format!("{root}/{name}")).expect(name);
        let mut inputs = 0;
        for file in folder {
            let path = file.expect("readable").path();
            let bytes = std::fs::read(&path).expect("readable");
            let taken = std::panic::catch_unwind(|| body(&bytes));
            assert!(taken.is_ok(), "{}", path.display());
            inputs += 1;
        }
        assert!(inputs > 10, "{inputs} inputs for {name}");
    }
}
