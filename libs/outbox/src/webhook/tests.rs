use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::*;

const IN_TIME: Duration = Duration::from_millis(400);

fn loopback() -> Vec<IpNet> {
    vec!["127.0.0.0/8".parse().unwrap()]
}

fn webhooks() -> Webhooks {
    Webhooks::new(loopback(), true, IN_TIME).unwrap()
}

/// What a receiver does with a connection once it has read a request.
#[derive(Debug, Clone)]
enum Answers {
    /// These bytes, and then nothing more: the connection stays open.
    With(Vec<u8>),
    /// These bytes, and then more and more of the others.
    Endlessly(&'static [u8], &'static [u8]),
    /// Reads nothing at all.
    ReadsNothing,
}

/// A receiver; how many connections it took.
async fn receiver(answers: Answers) -> (String, Arc<AtomicUsize>, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/changes", listener.local_addr().unwrap());
    let (count, mut serving) = (Arc::<AtomicUsize>::default(), JoinSet::new());
    let taken = Arc::clone(&count);
    serving.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            taken.fetch_add(1, Ordering::Relaxed);
            connections.spawn(answer(stream, answers.clone()));
        }
    });
    (address, count, serving)
}

async fn answer(mut stream: TcpStream, answers: Answers) {
    if !matches!(answers, Answers::ReadsNothing) {
        let mut sent = Vec::new();
        while !sent.ends_with(b"{}") {
            if stream.read_buf(&mut sent).await.unwrap() == 0 {
                return;
            }
        }
    }
    match answers {
        Answers::With(bytes) => stream.write_all(&bytes).await.unwrap(),
        Answers::Endlessly(first, more) => {
            // Until the sender has had enough.
            let mut written = stream.write_all(first).await;
            while written.is_ok() {
                written = stream.write_all(more).await;
            }
            return;
        }
        Answers::ReadsNothing => {}
    }
    std::future::pending::<()>().await;
}

async fn posted(webhooks: &Webhooks, address: &str) -> Called {
    let begun = Instant::now();
    let called =
        webhooks.post(address, &[("webhook-id", "msg_1".to_owned())], b"{}".to_vec()).await;
    let took = begun.elapsed();
    assert!(took < 10 * IN_TIME, "{took:?}: {called:?}");
    called
}

fn status(called: &Called) -> Option<u16> {
    match called.result {
        TryResult::Response { status, .. } => Some(status),
        TryResult::NoResponse(_) | TryResult::Blocked(_) => None,
    }
}

#[tokio::test]
async fn a_receiver_that_reads_nothing_or_answers_nothing_is_not_waited_for_longer_than_the_limit()
{
    for answers in [Answers::ReadsNothing, Answers::With(Vec::new()), Answers::With(b"HT".to_vec())]
    {
        let (address, _, _serving) = receiver(answers.clone()).await;
        let called = posted(&webhooks(), &address).await;
        let expected = TryResult::NoResponse("no response in time".to_owned());
        assert_eq!(called.result, expected, "{answers:?}");
    }
}

#[tokio::test]
async fn of_a_huge_or_endless_answer_the_beginning_is_read() {
    let head = b"HTTP/1.1 200 x\r\ncontent-length: 100000000000\r\n\r\n";
    let chunked = b"HTTP/1.1 200 x\r\ntransfer-encoding: chunked\r\n\r\n";
    let part: &[u8] = b"40\r\n0000000000000000000000000000000000000000000000000000000000000000\r\n";
    for (first, more) in [(&head[..], &[b'0'; 4096][..]), (&chunked[..], part)] {
        let (address, _, _serving) = receiver(Answers::Endlessly(first, more)).await;
        let called = posted(&webhooks(), &address).await;
        assert_eq!(status(&called), Some(200));
        assert_eq!(called.body.len(), RESPONSE_BYTES_MAX);
    }
}

#[tokio::test]
async fn a_head_without_end_is_no_answer() {
    let answers = Answers::Endlessly(b"HTTP/1.1 200 x\r\n", b"x-more: more and more of it\r\n");
    let (address, _, _serving) = receiver(answers).await;
    assert!(matches!(posted(&webhooks(), &address).await.result, TryResult::NoResponse(_)));
}

#[tokio::test]
async fn a_status_counts_also_if_the_body_after_it_does_not_end_in_time() {
    let answer = b"HTTP/1.1 200 x\r\ncontent-length: 100\r\n\r\nthe beginning".to_vec();
    let (address, _, _serving) = receiver(Answers::With(answer)).await;
    let called = posted(&webhooks(), &address).await;
    assert_eq!((status(&called), &*called.body), (Some(200), &b"the beginning"[..]));
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let (elsewhere, called_there, _serving) = receiver(Answers::With(Vec::new())).await;
    let answer = format!("HTTP/1.1 307 x\r\nlocation: {elsewhere}\r\ncontent-length: 0\r\n\r\n");
    let (address, _, _serving) = receiver(Answers::With(answer.into_bytes())).await;
    assert_eq!(status(&posted(&webhooks(), &address).await), Some(307));
    assert_eq!(called_there.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let answer = b"HTTP/1.1 204 x\r\n\r\n".to_vec();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/changes", listener.local_addr().unwrap());
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        // No second connection is taken.
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut sent = Vec::new();
        while stream.read_buf(&mut sent).await.unwrap() > 0 {
            if sent.ends_with(b"{}") {
                sent.clear();
                stream.write_all(&answer).await.unwrap();
            }
        }
    });
    let webhooks = webhooks();
    for _ in 0..3 {
        assert_eq!(status(&posted(&webhooks, &address).await), Some(204));
    }
}

#[tokio::test]
async fn addresses_inside_are_not_called_by_name_or_number() {
    let (address, taken, _serving) = receiver(Answers::With(Vec::new())).await;
    let port = Url::parse(&address).unwrap().port().unwrap();
    let public = Webhooks::new(Vec::new(), true, IN_TIME).unwrap();
    for host in ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"] {
        let called = posted(&public, &format!("http://{host}:{port}/")).await;
        assert!(matches!(called.result, TryResult::Blocked(_)), "{host}: {called:?}");
    }
    let tls_only = Webhooks::new(loopback(), false, IN_TIME).unwrap();
    let called = posted(&tls_only, &address).await;
    assert_eq!(called.result, TryResult::Blocked(Blocked::NoTls.to_string()));
    assert_eq!(taken.load(Ordering::Relaxed), 0);
}

/// A name that is outside at first, and inside once somebody has changed it.
fn rebound(_: Name) -> Pin<Box<dyn Future<Output = Vec<SocketAddr>> + Send>> {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let is_first = ASKED.fetch_add(1, Ordering::Relaxed) == 0;
    let found =
        if is_first { vec!["127.0.0.1:0"] } else { vec!["127.0.0.1:0", "169.254.169.254:0"] };
    Box::pin(async move { found.iter().map(|one| one.parse().unwrap()).collect() })
}

#[tokio::test]
async fn a_name_is_checked_again_at_each_new_connection() {
    let answer = b"HTTP/1.1 204 x\r\nconnection: close\r\n\r\n".to_vec();
    let (address, taken, _serving) = receiver(Answers::With(answer)).await;
    let address = address.replace("127.0.0.1", "receiver.example");
    let webhooks = Webhooks::with(loopback(), true, IN_TIME, rebound).unwrap();
    assert_eq!(status(&posted(&webhooks, &address).await), Some(204));
    let called = posted(&webhooks, &address).await;
    assert_eq!(called.result, TryResult::Blocked(NOT_PUBLIC.to_owned()), "and not which one");
    assert_eq!(taken.load(Ordering::Relaxed), 1);
}
