//! What a connection may do, with nothing between the test and the socket.

use std::net::SocketAddr;
use std::time::Duration;

use dossier::contract::Role;
use service_kit::http::Access;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::Office;

/// How long anything may take that should come at once.
const SOON: Duration = Duration::from_secs(10);

/// Sends these bytes and gives the head of the first answer, in lower case.
async fn head(address: SocketAddr, sent: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(sent.as_bytes()).await.unwrap();
    let mut got = Vec::new();
    let read = async {
        while !got.windows(4).any(|end| end == b"\r\n\r\n") {
            if stream.read_buf(&mut got).await.unwrap() == 0 {
                break;
            }
        }
    };
    timeout(SOON, read).await.unwrap();
    String::from_utf8_lossy(&got).to_ascii_lowercase()
}

#[tokio::test]
async fn who_may_not_call_an_operation_is_told_before_any_of_the_body_is_sent() {
    const ROLES: [Role; 5] =
        [Role::Applicant, Role::Clerk, Role::Auditor, Role::Carrier, Role::Operator];
    let office = Office::open().await;
    let address = office.browser.address;
    let mut forbidden = 0;
    for (name, access) in &office.operations {
        let Access::Roles(mays) = access else { continue };
        let (method, path) = name.split_once(' ').unwrap();
        let path = path.replace(['{', '}'], "");
        // The body is announced and never sent: whoever waited for it would not answer.
        let request = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 524000\r\n");
        let answer = head(address, &format!("{request}\r\n")).await;
        assert!(answer.starts_with("http/1.1 401 "), "{name} {answer}");
        let Some(role) = ROLES.into_iter().find(|role| mays.iter().all(|may| may.role != *role))
        else {
            continue;
        };
        let token = office.token(role, "somebody", "G02");
        let answer =
            head(address, &format!("{request}Authorization: Bearer {token}\r\n\r\n")).await;
        assert!(answer.starts_with("http/1.1 403 "), "{name} {answer}");
        forbidden += 1;
    }
    assert!(office.operations.len() > 50 && forbidden > 40, "{forbidden}");
}
