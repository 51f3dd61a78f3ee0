//! Runs every subcommand with small numbers, so that none is found broken when it is needed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::process::Command;

use serde_json::Value;

/// The output of a subcommand.
fn figures(arguments: &str) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadtest"));
    let run = command.args(arguments.split_whitespace()).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success(), "loadtest {arguments}: {out}\n{err}");
    serde_json::from_str(&out).unwrap()
}

/// Subcommands, each with JSON pointers to numbers that must be greater than 0.
const RUNS: [(&str, &[&str]); 12] = [
    (
        "lifecycle --dossiers 10 --concurrency 2 --warm-up 2",
        &["dossiers_per_s", "steps_per_s", "raw_empty_handler_requests_per_s", "server_rss_mib"],
    ),
    (
        "store --events 2000 --submitters 4",
        &["appends_per_s", "bare_loop_per_s", "scan_events_per_s"],
    ),
    (
        "keeper --obligations 200 --burst 20 --overdue 20 --single 5 --lead-s 6 --rest-s 2",
        &["open_obligations", "burst_done_after_s", "single_late_p99_ms"],
    ),
    (
        "hostile --only nobody --seconds 2 --sockets 20 --idle 20 --report-only",
        &["0/health/requests", "0/step/requests", "0/peak_rss_mib"],
    ),
    (
        "statistics --dossiers 50 --auditors 4 --seconds 2 --report-only",
        &["statistics/answered", "look_up/requests", "submission/requests"],
    ),
    (
        "registry --parts 2 --agencies 5 --dossiers 2",
        &["agencies", "slowest_part_ms", "start_s", "after/step_p50_ms"],
    ),
    ("whatif --dossiers 20", &["dossiers_per_s"]),
    ("replay-views --dossiers 5 --concurrency 2", &["events", "rebuilt_events_per_s"]),
    ("large --dossiers 20", &["events", "rebuilt_events_per_s", "server_rss_mib"]),
    (
        "lists --dossiers 300 --pages 10",
        &["rebuild/events_per_s", "search_bytes", "pages/search_person/rows_per_page"],
    ),
    (
        "webhooks --subscribers 6 --dead 3 --procedures 2 --rate 2 --seconds 4 --concurrency 4 --report-only",
        &["deliveries", "append_to_delivery_p99_ms", "tries_at_dead_ones"],
    ),
    ("cluster --dossiers 4 --concurrency 2 --warm-up 2", &["dossiers_per_s", "reactions"]),
];

#[test]
fn every_subcommand_runs() {
    for (arguments, wanted) in RUNS {
        let figures = figures(arguments);
        for name in wanted {
            let figure = figures.pointer(&format!("/{name}")).and_then(Value::as_f64);
            assert!(figure.is_some_and(|figure| figure > 0.0), "{arguments}: {name} in {figures}");
        }
    }
}

#[test]
fn no_subcommand_is_left_out() {
    let help = Command::new(env!("CARGO_BIN_EXE_loadtest")).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let listed = help.split("Commands:").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap();
    let names = listed.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let named = names.filter(|name| !name.is_empty() && *name != "help").collect::<Vec<_>>();
    assert!(named.len() >= 7, "{help}");
    for name in named {
        assert!(RUNS.iter().any(|(run, _)| run.split(' ').next() == Some(name)), "{name}");
    }
}
