//! An address that is mistyped: the cause stands in the log at the first attempt, commands end with it, and a server goes on trying.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Command, Stdio};

use dossier::contract::Role;
use serde_json::{Value, json};
use service_kit::auth::DevelopmentKey;

use crate::private::Said;
use crate::support::{dossier, submitted, token};
use crate::upgrade::step;

/// A port at which nobody listens.
fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// A PostgreSQL server that asks for a password and takes none (its protocol 3.0, "Message Formats").
fn closed_database() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    // It ends with the test's process.
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut read = [0; 1024];
            // Whoever only looks whether anybody is there says nothing.
            if stream.read(&mut read).unwrap_or(0) == 0 {
                continue;
            }
            stream.write_all(b"R\0\0\0\x08\0\0\0\x03").unwrap();
            let _ = stream.read(&mut read).unwrap();
            let said =
                b"SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed for user \"u\"\0\0";
            let length = u32::try_from(said.len() + 4).unwrap();
            let message = [&b"E"[..], &length.to_be_bytes(), said].concat();
            stream.write_all(&message).unwrap();
        }
    });
    port
}

/// The first line with this message of a start that goes on trying.
fn said_first(data: &Path, store: &str, message: &str) -> Value {
    let mut child = Command::new(env!("CARGO_BIN_EXE_dossier"))
        .args(["serve", "--listen", "127.0.0.1:0", "--start-within", "3600"])
        .args(["--store", store, "--data"])
        .arg(data)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut lines = lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
    let found = lines.find(|line| line["fields"]["message"] == message);
    assert!(child.try_wait().unwrap().is_none(), "it ended");
    child.kill().unwrap();
    child.wait().unwrap();
    found.unwrap()
}

#[test]
fn a_mistyped_address_of_the_store_is_told_with_its_cause_and_a_server_goes_on_trying() {
    let folder = tempfile::tempdir().unwrap();
    let database = crate::support::postgres_url();
    let (server, _) = database.rsplit_once('/').unwrap();
    let cases = [
        (
            "postgres://u@no-such-host.invalid/d".to_owned(),
            "no-such-host.invalid:5432: its name does not resolve",
        ),
        (
            format!("postgres://u@127.0.0.1:{}/d", free_port()),
            "nothing takes a connection at 127.0.0.1:",
        ),
        (
            format!("postgres://u:wrong@127.0.0.1:{}/d", closed_database()),
            "password authentication failed for user",
        ),
        (format!("{server}/no_such_database"), "database \"no_such_database\" does not exist"),
    ];
    for (store, cause) in cases {
        let waits = said_first(folder.path(), &store, "the start waits for what is not there yet");
        let why = waits["fields"]["why"].as_str().unwrap();
        assert!(why.contains(cause), "{why}");
        let ended = dossier(folder.path(), &["check", "--store", &store]);
        assert!(!ended.status.success());
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(said.contains(cause) && !said.contains("wrong"), "{said}");
    }
}

#[test]
fn a_bus_and_an_object_store_that_are_mistyped_are_told_with_their_causes_and_missed_by_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let nats = format!("nats://no-such-host.invalid,nats://127.0.0.1:{}", free_port());
    let arguments = ["--nats", &nats, "--documents", "s3://documents"];
    let objects = [
        ("AWS_ENDPOINT", format!("http://127.0.0.1:{}", free_port())),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "dossier".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
    ];
    let said = Said::start_in(folder.path(), &arguments, &objects);
    let why = |message: &str| {
        let mut lines = said.before.iter().filter(|line| line["fields"]["message"] == message);
        let line = lines.next().unwrap_or_else(|| panic!("{message}: {:?}", said.before));
        assert!(lines.next().is_none(), "it is said once");
        line["fields"]["why"].as_str().unwrap().to_owned()
    };
    let bus = why("the bus cannot be reached yet; followers read the store");
    assert!(bus.contains("no-such-host.invalid:4222: its name does not resolve"), "{bus}");
    assert!(bus.contains("nothing takes a connection at 127.0.0.1:"), "{bus}");
    let documents = why("documents can be neither stored nor read yet");
    assert!(documents.contains("nothing takes a connection at 127.0.0.1:"), "{documents}");
}

#[expect(clippy::disallowed_methods, reason = "tests have no command line")]
fn old_nats() -> String {
    std::env::var("OLD_NATS_SERVER")
        .expect("OLD_NATS_SERVER names no program; `cargo xtask test` unpacks one")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_nats_server_that_is_too_old_is_named_in_one_sentence_and_dossiers_go_on_without_it() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let mut server = Command::new(old_nats())
        .args(["-a", "127.0.0.1", "-p", &port.to_string(), "-js", "-sd"])
        .arg(folder.path().join("nats"))
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let nats = format!("nats://127.0.0.1:{port}");
    while std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        assert!(server.try_wait().unwrap().is_none(), "it has ended");
    }
    let data = folder.path().join("data");
    let said = Said::start(&data, &["--nats", &nats, "--log", "info,request=warn"]);
    let key = DevelopmentKey::in_folder(&data).unwrap();
    let officer = |role, name| token(&key, role, name, "G02.002");
    let applicant = token(&key, Role::Applicant, "company-1", "");
    let (path, _) = submitted(&said.browser, &applicant).await;
    let clerk = officer(Role::Clerk, "clerk-1");
    step(&said.browser, &format!("{path}/acceptance"), &clerk, json!({})).await.granted();
    // In the service that reacts to it.
    let claim = path.replace("/v1/dossiers/", "/v1/reviews/") + "/claim";
    let reviewer = officer(Role::Reviewer, "reviewer-1");
    step(&said.browser, &claim, &reviewer, json!({})).await.granted();
    let lines = said.end();
    server.kill().unwrap();
    server.wait().unwrap();
    let bus = |line: &&Value| {
        let text = line["fields"].to_string();
        matches!(line["level"].as_str(), Some("WARN" | "ERROR"))
            && (text.contains("bus") || text.contains("NATS"))
    };
    let lines: Vec<_> = lines.iter().filter(bus).map(|line| &line["fields"]["message"]).collect();
    assert_eq!(
        lines,
        [
            "the NATS server 2.9.10 is too old: this program needs 2.11 or newer and uses it for nothing; followers read the store"
        ]
    );
}
