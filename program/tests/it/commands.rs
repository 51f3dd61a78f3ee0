//! The command line as a newcomer meets it: what it says, what it makes, and what it does not.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::durability::Process;
use crate::health::probed;
use crate::support::{Browser, dossier, printed};

fn run(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dossier"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn without_a_command_it_prints_its_help_and_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &[]);
    let said = said(&output);
    assert!(!output.status.success());
    assert!(said.contains("Start here: `dossier demo`") && said.contains("serve"), "{said}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    let version = printed(&run(folder.path(), &["--version"]));
    assert!(version.starts_with("dossier ") && version.contains('('), "{version}");
}

#[test]
fn a_token_makes_no_key_unless_asked_and_says_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let token = |data: &str, more: &[&str]| {
        run(folder.path(), &[&["token", "--data", data], more].concat())
    };
    let refused = said(&token("data", &["--role", "applicant"]));
    assert!(refused.contains("--data") && refused.contains("--make-key"), "{refused}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");
    let refused = said(&token("data", &["--role", "applicnt"]));
    assert!(refused.contains("applicant, clerk, reviewer"), "{refused}");
    let refused = said(&token("data", &["--role", "clerk", "--make-key"]));
    assert!(refused.contains("the role clerk needs an agency"), "{refused}");
    let first = printed(&token("data", &["--role", "operator", "--make-key"]));
    assert_eq!(first.trim().split('.').count(), 3);
    printed(&token("data", &["--role", "clerk", "--agency", "G02.001"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_lines_of_a_demo_name_the_address_at_which_it_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Command::new(env!("CARGO_BIN_EXE_dossier"))
        .args(["demo", "--dossiers", "2", "--listen", "127.0.0.1:0", "--data"])
        .arg(folder.path().join("demo"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines().map(Result::unwrap);
    let address = lines.find_map(|line| line.strip_prefix("U=http://").map(str::to_owned));
    let browser = Browser::new(address.unwrap().parse().unwrap());
    assert_ne!(browser.address.port(), 0);
    let answer = browser.get("/health/live", "").await;
    demo.kill().unwrap();
    demo.wait().unwrap();
    assert!(answer.status.is_success());
}

#[test]
fn an_address_that_is_none_and_a_port_in_use_are_answered_with_a_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let refused = said(&run(folder.path(), &["serve", "--listen", "18402"]));
    assert!(refused.contains("127.0.0.1:18402"), "{refused}");
    let refused = said(&run(folder.path(), &["serve", "--listen", "here"]));
    assert!(refused.contains("for example 127.0.0.1:8080"), "{refused}");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = taken.local_addr().unwrap().to_string();
    let refused = said(&dossier(&folder.path().join("data"), &["serve", "--listen", &at]));
    assert!(refused.contains("--listen") && refused.contains("Port 0"), "{refused}");
    let refused = said(&run(folder.path(), &["export", "--log", "request=loud"]));
    assert!(refused.contains("for example `info`"), "{refused}");
}

/// The lines that a demo prints are run as they are, while it is served.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_demo_shows_what_there_is_to_deal_with_and_how_to_look_at_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("demo");
    let port = cluster::free_port().unwrap();
    let listen = format!("127.0.0.1:{port}");
    let arguments = ["demo", "--dossiers", "30", "--no-serve", "--listen", &listen];
    let lines = printed(&dossier(&data, &arguments));
    let open = lines.lines().next().unwrap().split(", ").nth(1).unwrap();
    let open: usize = open.split(' ').next().unwrap().parse().unwrap();
    assert!((6..=12).contains(&open), "three of thirty and the five stories: {lines}");
    let process = Process::start_with(&data, &["--listen", &listen]);
    assert_eq!(process.browser.address.port(), port);
    probed(&process.browser, |body| body["ready"] == true).await;
    let script = lines.replace("curl -s ", "curl -sS --fail-with-body -w '\\n' ");
    let shell = Command::new("bash").args(["-euo", "pipefail", "-c", &script]).output().unwrap();
    let (out, err) =
        (String::from_utf8_lossy(&shell.stdout), String::from_utf8_lossy(&shell.stderr));
    assert!(shell.status.success(), "{script}\n{out}\n{err}");
    let answers: Vec<serde_json::Value> =
        out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    // A look-up and a closer look at each story, then the office as a whole.
    let [_, overdue, _, supplement, _, outages, _, disputed, _, complained, statistics, queue] =
        &answers[..]
    else {
        panic!("{out}")
    };
    assert_eq!(overdue["missed"], true, "{overdue}");
    assert!(supplement["supplement"].is_object(), "{supplement}");
    assert!(outages[0]["to"].is_null() && outages[0]["agency"] == "G02.003", "{outages}");
    assert_eq!(disputed[0]["kind"], "discrepancy", "{disputed}");
    assert!(complained.to_string().contains("DossierAccepted"), "{complained}");
    assert!(statistics["overdue_open"].as_u64().unwrap() > 0, "{statistics}");
    assert!(queue.to_string().contains("ENERGY.LABEL"), "{queue}");
}

/// The units' own lines, as far as the program reads them.
#[test]
fn the_units_of_systemd_start_what_there_is() {
    let units = Path::new(env!("CARGO_MANIFEST_DIR")).join("../systemd");
    let mut commands = 0;
    for unit in std::fs::read_dir(units).unwrap() {
        let text = std::fs::read_to_string(unit.unwrap().path()).unwrap();
        let lines = text.lines().filter_map(|line| line.strip_prefix("ExecStart="));
        for command in lines.flat_map(|line| line.split([';', '\''])) {
            let Some((_, arguments)) = command.split_once("/usr/local/bin/dossier ") else {
                continue;
            };
            let arguments: Vec<&str> = arguments.split_whitespace().collect();
            let help = [&arguments[..], &["--help"]].concat();
            printed(&run(Path::new("/"), &help));
            commands += 1;
        }
    }
    assert_eq!(commands, 3);
}
