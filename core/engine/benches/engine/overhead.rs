//! Durable steps a second with steps that answer at once, beside what the disk alone allows.

use crate::process::{self, Used};
use crate::{Outcome, chains};

const SIZES: [(usize, u32); 5] =
    [(10_000, 256), (100_000, 256), (1_000_000, 256), (10_000, 2048), (100_000, 2048)];

pub(crate) fn all() -> Outcome {
    println!("\nOverhead: chains of twelve steps that answer at once, journaled\n");
    println!(
        "{:>9} {:>9} {:>9} {:>13} {:>9} {:>7} {:>12} {:>10} {:>8} {:>8} {:>8}",
        "steps",
        "in flight",
        "steps/s",
        "floor steps/s",
        "of floor",
        "syncs",
        "records/sync",
        "bytes/step",
        "CPU s",
        "peak MB",
        "MB out"
    );
    for (steps, in_flight) in SIZES {
        process::measure(&["overhead", &steps.to_string(), &in_flight.to_string()])?;
    }
    Ok(())
}

pub(crate) fn measure(args: &[&str]) -> Outcome {
    let [steps, in_flight] = args else { return Err("how many steps, how many in flight".into()) };
    let (steps, in_flight): (usize, u32) = (steps.parse()?, in_flight.parse()?);
    let scratch = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let work = chains::work(steps)?;
    let before = Used::by_us();
    let path = scratch.path().join("run/journal");
    let (took, batches) = runtime.block_on(chains::run_all(work, in_flight, &path))?;
    let used = Used::by_us().since(before);
    let floor = chains::floor(&scratch.path().join("floor"), &batches)?;
    let bytes: usize = batches.iter().map(|batch| batch.bytes).sum();
    let records: usize = batches.iter().map(|batch| batch.records).sum();
    println!(
        "{steps:>9} {in_flight:>9} {:>9.0} {:>13.0} {:>8.0}% {:>7} {:>12.1} {:>10.1} {:>8.2} {:>8.0} {:>8.1}",
        steps as f64 / took.as_secs_f64(),
        steps as f64 / floor.as_secs_f64(),
        100.0 * floor.as_secs_f64() / took.as_secs_f64(),
        batches.len(),
        records as f64 / batches.len() as f64,
        bytes as f64 / steps as f64,
        used.cpu,
        used.peak_mb,
        used.written_mb,
    );
    Ok(())
}
