//! The visitor of `helm test`, in a process of its own.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use dossier::contract::Role;
use web::auth::DevelopmentKey;

use crate::durability::Process;
use crate::support::{printed, token};

fn visit(address: &str, tokens: &Path) -> Output {
    let mut visit = Command::new(env!("CARGO_BIN_EXE_dossier"));
    visit.args(["visit", "--intake", &format!("http://{address}"), "--tokens"]);
    visit.arg(tokens).args(["--log", "error"]).output().unwrap()
}

fn tokens(folder: &Path, key: &DevelopmentKey, cashier: Role) {
    for (name, role, agency) in [
        ("applicant", Role::Applicant, ""),
        ("clerk", Role::Clerk, "G02.001"),
        ("cashier", cashier, "G02.001"),
        ("reviewer", Role::Reviewer, "G02.001"),
        ("approver", Role::Approver, "G02.001"),
    ] {
        std::fs::write(folder.join(name), token(key, role, name, agency)).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dossier_is_carried_from_submission_over_its_receipt_to_its_verified_result() {
    let (folder, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let process = Process::start(folder.path());
    let key = DevelopmentKey::in_folder(folder.path()).unwrap();
    tokens(files.path(), &key, Role::Cashier);
    let address = process.browser.address.to_string();
    let said = printed(&visit(&address, files.path()));
    assert!(said.contains("paid (receipt ") && said.contains("delivered and verified"), "{said}");

    // Nobody who may not do it gets through.
    tokens(files.path(), &key, Role::Clerk);
    let refused = visit(&address, files.path());
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("/cash: 403"), "{said}");
}

/// What a network does to a request that comes for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Disturbance {
    /// It does not arrive.
    Lost,
    /// It arrives, and its answer does not.
    Unanswered,
    /// A proxy answers that nobody is there.
    Unavailable,
    /// Another step came between.
    Overtaken,
}

use Disturbance::{Lost, Overtaken, Unanswered, Unavailable};

/// What has been sent once, and what was done to it.
type Seen = Arc<Mutex<(HashSet<String>, Vec<(Disturbance, String)>)>>;

/// A proxy through which no request gets at the first attempt.
fn disturbed(server: SocketAddr) -> (SocketAddr, Seen) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let (address, seen) = (listener.local_addr().unwrap(), Seen::default());
    let known = Arc::clone(&seen);
    // It ends with the test's process.
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let known = Arc::clone(&known);
            std::thread::spawn(move || pass(&stream.unwrap(), server, &known));
        }
    });
    (address, seen)
}

/// One request of one connection.
fn pass(client: &TcpStream, server: SocketAddr, seen: &Seen) {
    let Some((line, name, request)) = request(client) else { return };
    let first = {
        let mut seen = seen.lock().unwrap();
        seen.0.insert(name).then(|| {
            let step = line.starts_with("POST ") && line.matches('/').count() > 4;
            let all = if step {
                &[Lost, Unanswered, Unavailable, Overtaken][..]
            } else {
                &[Lost, Unanswered, Unavailable]
            };
            let done = all[seen.1.len() % all.len()];
            seen.1.push((done, line.clone()));
            done
        })
    };
    let mut client = client;
    match first {
        Some(Lost) => {}
        Some(Unavailable) => {
            client
                .write_all(b"HTTP/1.1 503 x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
                .unwrap();
        }
        Some(Overtaken) => {
            client
                .write_all(b"HTTP/1.1 412 x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
                .unwrap();
        }
        Some(Unanswered) | None => {
            let mut server = TcpStream::connect(server).unwrap();
            server.write_all(&request).unwrap();
            let mut answer = Vec::new();
            server.read_to_end(&mut answer).unwrap();
            if first.is_none() {
                // It may have gone away.
                let _ = client.write_all(&answer);
            }
        }
    }
    let _ = client.shutdown(Shutdown::Both);
}

/// The first line of a request, what it is known by, and all of it, for a connection that ends with its answer.
fn request(client: &TcpStream) -> Option<(String, String, Vec<u8>)> {
    let mut from = BufReader::new(client);
    let (mut line, mut head, mut key, mut length) =
        (String::new(), String::new(), String::new(), 0);
    from.read_line(&mut line).ok().filter(|read| *read > 0)?;
    loop {
        let mut header = String::new();
        from.read_line(&mut header).ok()?;
        let (name, value) = header.split_once(':').unwrap_or(("", ""));
        match name.to_ascii_lowercase().as_str() {
            "idempotency-key" => value.trim().clone_into(&mut key),
            "content-length" => length = value.trim().parse().unwrap(),
            "connection" => continue,
            "" => break,
            _ => {}
        }
        head += &header;
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body).ok()?;
    let line = line.trim_end().to_owned();
    let whole = format!("{line}\r\n{head}connection: close\r\n\r\n");
    Some((line.clone(), format!("{line} {key}"), [whole.into_bytes(), body].concat()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_gets_through_at_once_and_nothing_is_done_twice() {
    let (folder, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let process = Process::start(folder.path());
    let key = DevelopmentKey::in_folder(folder.path()).unwrap();
    tokens(files.path(), &key, Role::Cashier);
    let (address, seen) = disturbed(process.browser.address);
    let said = printed(&visit(&address.to_string(), files.path()));
    assert!(said.contains("paid (receipt ") && said.contains("delivered and verified"), "{said}");

    let done = seen.lock().unwrap().1.clone();
    for wanted in [Lost, Unanswered, Unavailable, Overtaken] {
        assert!(done.iter().any(|(done, _)| *done == wanted), "{wanted:?}: {done:?}");
    }
    let steps = done.iter().filter(|(done, line)| *done == Unanswered && line.starts_with("POST "));
    assert!(steps.count() > 1, "{done:?}");
    process.kill();
    let log = rusqlite::Connection::open(folder.path().join("log.sqlite")).unwrap();
    for kind in [
        "intake.DossierSubmitted.v1",
        "intake.DossierAccepted.v1",
        "payment.CashReceived.v1",
        "payment.ReceiptIssued.v1",
        "review.DecisionMade.v1",
        "delivery.ResultIssued.v1",
    ] {
        let count = "SELECT count(*) FROM log WHERE kind = ?1";
        let times: i64 = log.query_row(count, [kind], |row| row.get(0)).unwrap();
        assert_eq!(times, 1, "{kind}");
    }
}
