//! Servers that are frozen or unavailable.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

#[tokio::test]
async fn the_sixth_point_a_frozen_server_accepts_connections_and_says_nothing_until_it_goes_on() {
    let double = start();
    let asker = Asker::of(&double).await;
    asker.written("a", vec![event(1)]).await;
    double.freeze();
    let mut new = TcpStream::connect(double.address()).await.unwrap();
    // The HTTP/2 preface with empty settings.
    new.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let (waiting, reading) = (asker.clone(), log(START, FORWARDS, 9));
    let mut asked = tokio::task::JoinSet::new();
    asked.spawn(async move { waiting.names(reading).await });
    let mut byte = [0];
    // Nothing arrives on the open connection or the new one.
    let silent = timeout(Duration::from_millis(200), async {
        tokio::select! {
            _ = new.read(&mut byte) => {}
            _ = asked.join_next() => {}
        }
    });
    assert!(silent.await.is_err());
    double.thaw();
    assert_eq!(asked.join_all().await.pop().unwrap().unwrap().len(), 2);
    assert_eq!(timeout(LIMIT, new.read(&mut byte)).await.unwrap().unwrap(), 1);
}

#[tokio::test]
async fn an_append_whose_answer_is_lost_is_made() {
    let double = start();
    let asker = Asker::of(&double).await;
    double.lose_answers(1);
    let lost = asker.append("a", Expected::Any(Empty {}), vec![event(1)]).await.unwrap_err();
    assert_eq!((lost.code(), double.answers_to_lose()), (tonic::Code::Unavailable, 0));
    let end = double.end();
    assert_eq!(asker.written("a", vec![event(1)]).await.0, 0);
    assert_eq!(double.end(), end);
}

#[tokio::test]
async fn a_server_that_is_gone_and_comes_back_has_what_it_had() {
    let mut double = start();
    let asker = Asker::of(&double).await;
    asker.written("a", vec![event(1)]).await;
    double.kill();
    assert!(TcpStream::connect(double.address()).await.is_err());
    double.revive().unwrap();
    let again = Asker::of(&double).await;
    assert_eq!(again.written("a", vec![event(2)]).await.0, 1);
}
