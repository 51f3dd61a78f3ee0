//! Who asks more often than one may: later, and not at the cost of others.

use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use web::limits::ServerLimits;

use crate::connections::{SOON, connect, head, head_of, limited};
use crate::support::Office;

/// Nothing is there, so no quota counts it.
const NOWHERE: &str = "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n";

#[tokio::test]
async fn who_asks_more_often_than_one_may_is_answered_later_and_nobody_else_is() {
    let limits = ServerLimits { requests_per_second_of_one: 50, ..Default::default() };
    let office = Office::open_behind(limited(limits)).await;
    let address = office.browser.address;
    let paced = || !office.engine.metrics.text().contains("requests_paced_total 0");
    let until = Instant::now() + SOON;
    while !paced() {
        assert!(head(address, NOWHERE).await.starts_with("http/1.1 404 "));
        assert!(Instant::now() < until);
    }
    let counted = office.engine.metrics.text();
    let mut other = connect("127.0.0.2", address).await;
    other.write_all(NOWHERE.as_bytes()).await.unwrap();
    assert!(head_of(&mut other).await.starts_with("http/1.1 404 "));
    let line =
        |text: &str| text.lines().find(|l| l.contains("requests_paced_total ")).map(str::to_owned);
    assert_eq!(line(&office.engine.metrics.text()), line(&counted));
}

#[tokio::test]
async fn who_waits_for_a_turn_counts_as_being_answered_and_makes_room_for_others() {
    let limits = ServerLimits {
        requests_per_second_of_one: 1,
        turn_wait: Duration::from_secs(600),
        requests_of_one: 20,
        connections: 30,
        connections_of_one: 30,
        ..Default::default()
    };
    let office = Office::open_behind(limited(limits)).await;
    let address = office.browser.address;
    let mut held = Vec::new();
    for _ in 0..30 {
        let mut stream = connect("127.0.0.1", address).await;
        stream.write_all(NOWHERE.as_bytes()).await.unwrap();
        held.push(stream);
    }
    // The last ones are told at once, though nobody has been answered before them but the first few.
    let refused = head_of(held.last_mut().unwrap()).await;
    assert!(refused.starts_with("http/1.1 429 "), "{refused}");
    // All places are taken, most of them by who waits: those make room for somebody else.
    for other in 2..22 {
        let mut stream = connect(&format!("127.0.0.{other}"), address).await;
        stream.write_all(NOWHERE.as_bytes()).await.unwrap();
        assert!(head_of(&mut stream).await.starts_with("http/1.1 404 "), "{other}");
        held.push(stream);
    }
}

#[tokio::test]
async fn who_would_wait_too_long_is_told_when_to_come_again() {
    let limits = ServerLimits {
        requests_per_second_of_one: 1,
        turn_wait: Duration::ZERO,
        ..Default::default()
    };
    let office = Office::open_behind(limited(limits)).await;
    let until = Instant::now() + SOON;
    let refused = loop {
        let answer = head(office.browser.address, NOWHERE).await;
        if !answer.starts_with("http/1.1 404 ") {
            break answer;
        }
        assert!(Instant::now() < until);
    };
    assert!(
        refused.starts_with("http/1.1 429 ") && refused.contains("retry-after: 1"),
        "{refused}"
    );
    let counted = office.engine.metrics.text();
    assert!(counted.contains("requests_paced_total 0"), "nobody waits: {counted}");
    assert!(counted.contains("problem=\"too-often\""), "{counted}");
}
