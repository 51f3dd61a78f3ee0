//! An address that is mistyped: the cause stands in the log at the first attempt, commands end with it, and a server goes on trying.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use dossier::contract::Role;
use serde_json::{Value, json};
use web::auth::DevelopmentKey;

use crate::health::probed;
use crate::private::Said;
use crate::support::{Browser, dossier, submitted, token};
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
    cluster::needs!(cluster::postgres());
    let folder = tempfile::tempdir().unwrap();
    let database = crate::support::postgres_url();
    let (server, _) = database.rsplit_once('/').unwrap();
    let cases = [
        (
            "postgres://u@no-such-host.invalid/d".to_owned(),
            "no-such-host.invalid:5432: host name does not resolve",
        ),
        (format!("postgres://u@127.0.0.1:{}/d", free_port()), "connection to 127.0.0.1:"),
        (
            format!("postgres://u:wrong@127.0.0.1:{}/d", closed_database()),
            "password authentication failed for user",
        ),
        (format!("{server}/no_such_database"), "database \"no_such_database\" does not exist"),
    ];
    for (store, cause) in cases {
        let waits = said_first(
            folder.path(),
            &store,
            "event store or identity provider unavailable; retrying",
        );
        let why = waits["fields"]["why"].as_str().unwrap();
        assert!(why.contains(cause), "{why}");
        let ended = dossier(folder.path(), &["check", "--store", &store]);
        assert!(!ended.status.success());
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(said.contains(cause) && !said.contains("wrong"), "{said}");
    }
}

/// After a power cut everything is started at once, and the database may be the last.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_before_its_database_is_there_waits_for_it_and_then_serves() {
    cluster::needs!(cluster::tools::postgres());
    let folder = tempfile::tempdir().unwrap();
    // The server's own user must reach it.
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(folder.path(), open).unwrap();
    let (server, data) = (folder.path().join("server"), folder.path().join("data"));
    let mut server = tokio::task::block_in_place(|| {
        let mut server =
            cluster::Postgres::start_in(&server, cluster::free_port().unwrap()).unwrap();
        server.kill().unwrap();
        server
    });
    let serve = |within: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dossier"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--start-within", within]);
        command.args(["--store", &server.url, "--data"]).arg(&data).stderr(Stdio::piped());
        command
    };
    let ended = tokio::task::block_in_place(|| serve("0").output().unwrap());
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(!ended.status.success() && said.contains("gave up after 0 s"), "{said}");

    let mut child = serve("3600").spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut until = |holds: &dyn Fn(&Value) -> bool| {
        let mut lines = lines.by_ref().map(|line| serde_json::from_str(&line.unwrap()).unwrap());
        lines.find(|line: &Value| holds(&line["fields"])).expect("it ended")
    };
    let retries = "event store or identity provider unavailable; retrying";
    tokio::task::block_in_place(|| until(&|fields| fields["message"] == retries));
    tokio::task::block_in_place(|| server.revive()).unwrap();
    let serving = tokio::task::block_in_place(|| until(&|fields| fields["address"].is_string()));
    // Somebody must go on reading, or it blocks on a full pipe.
    std::thread::spawn(move || lines.for_each(drop));
    let address = serving["fields"]["address"].as_str().unwrap().parse().unwrap();
    let browser = Browser::new(address);
    let ready = probed(&browser, |body| body["ready"] == true).await;
    assert_eq!(ready.body["store"], true);
    let key = DevelopmentKey::in_folder(&data).unwrap();
    submitted(&browser, &token(&key, Role::Applicant, "company-1", "")).await;
    child.kill().unwrap();
    child.wait().unwrap();
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
    let bus = why("NATS unreachable; retrying, followers read the store");
    assert!(bus.contains("no-such-host.invalid:4222: host name does not resolve"), "{bus}");
    assert!(bus.contains("connection to 127.0.0.1:"), "{bus}");
    let documents = why("document store unavailable; retrying");
    assert!(documents.contains("connection to 127.0.0.1:"), "{documents}");
}

fn old_nats() -> PathBuf {
    cluster::tools::old_nats_server().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_nats_server_that_is_too_old_is_named_in_one_sentence_and_dossiers_go_on_without_it() {
    cluster::needs!(cluster::tools::old_nats_server());
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
        ["NATS server 2.9.10 is older than 2.11 and is not used; followers read the store"]
    );
}
