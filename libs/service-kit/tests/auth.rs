//! An identity provider: its keys in a file and at an address, and what happens when they change. The keys under
//! `tests/keys` were made for these tests and open nothing.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use dossier::contract::Role;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use service_kit::Clock;
use service_kit::auth::{Auth, Claims, KeySource, Unauthenticated};
use tokio::sync::watch;

fn keys(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keys").join(file)
}

fn read(file: &str) -> String {
    std::fs::read_to_string(keys(file)).unwrap()
}

fn clock() -> Clock {
    Clock::manual(jiff::Timestamp::from_second(1_000).unwrap())
}

fn token(algorithm: Algorithm, key: &str) -> String {
    let claims = Claims {
        sub: "u1".into(),
        exp: 2_000,
        nbf: None,
        roles: vec![Role::Clerk],
        agency: Some("G02".into()),
        on_behalf_of: None,
    };
    let (pem, header) = (read(key), Header::new(algorithm));
    let key = match algorithm {
        Algorithm::ES256 => EncodingKey::from_ec_pem(pem.as_bytes()).unwrap(),
        _ => EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap(),
    };
    let kid = if algorithm == Algorithm::ES256 { "ec-1" } else { "rsa-1" };
    let header = Header { kid: Some(kid.to_owned()), ..header };
    format!("Bearer {}", encode(&header, &claims, &key).unwrap())
}

fn is_let_in(auth: &Auth, token: &str) -> bool {
    match auth.caller(Some(token)) {
        Ok(caller) => caller.subject.as_str() == "u1",
        Err(refused) => {
            assert_eq!(refused, Unauthenticated::Invalid);
            false
        }
    }
}

#[tokio::test]
async fn tokens_signed_with_es256_and_rs256_are_believed_and_others_are_not() {
    let auth = Auth::provider(KeySource::File(keys("jwks.json")), clock()).await.unwrap();
    assert!(is_let_in(&auth, &token(Algorithm::ES256, "ec.pem")));
    assert!(is_let_in(&auth, &token(Algorithm::RS256, "rsa.pem")));
    // Signed with a key whose use is encryption, or with another algorithm of the same key.
    assert!(!is_let_in(&auth, &token(Algorithm::RS512, "rsa.pem")));
    let forged = token(Algorithm::RS256, "rsa.pem");
    let forged = format!("{}A", forged.strip_suffix(char::is_alphanumeric).unwrap_or(&forged));
    assert!(!is_let_in(&auth, &forged));
}

#[tokio::test]
async fn keys_that_cannot_be_used_are_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    for (text, reason) in [
        ("not json", "expected"),
        (r#"{"keys":[]}"#, "no key signs"),
        (r#"{"keys":[{"kty":"oct","k":"c2VjcmV0","alg":"HS256"}]}"#, "no key signs"),
    ] {
        std::fs::write(&file, text).unwrap();
        let refused = Auth::provider(KeySource::File(file.clone()), clock()).await.unwrap_err();
        assert!(refused.to_string().contains(reason), "{refused}");
        assert!(refused.to_string().contains("jwks.json"), "{refused}");
    }
    let nowhere: KeySource = "http://127.0.0.1:1/jwks".parse().unwrap();
    assert!(Auth::provider(nowhere, clock()).await.is_err());
}

/// An identity provider that gives the keys it was told to give.
fn provider(keys: Arc<Mutex<String>>) -> KeySource {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4_096]).unwrap();
            let body = keys.lock().unwrap().clone();
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close";
            write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        }
    });
    format!("http://{address}/jwks").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_key_is_fetched_when_it_is_first_seen_and_a_withdrawn_one_is_trusted_no_longer() {
    let both: serde_json::Value = serde_json::from_str(&read("jwks.json")).unwrap();
    let only = |n: usize| serde_json::json!({ "keys": [both["keys"][n]] }).to_string();
    let published = Arc::new(Mutex::new(only(0)));
    let auth = Auth::provider(provider(Arc::clone(&published)), clock()).await.unwrap();
    let auth = Arc::new(auth);
    let (first, second) = (token(Algorithm::ES256, "ec.pem"), token(Algorithm::RS256, "rsa.pem"));
    assert!(is_let_in(&auth, &first) && !is_let_in(&auth, &second));

    let (stop, stopped) = watch::channel(false);
    let keeping = Arc::clone(&auth);
    let mut running = tokio::task::JoinSet::new();
    running.spawn(async move { keeping.keep_fresh(stopped).await });
    *published.lock().unwrap() = only(1);
    let known = async {
        while !is_let_in(&auth, &second) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), known).await.unwrap();
    assert!(!is_let_in(&auth, &first), "the first key was withdrawn");
    stop.send_replace(true);
    running.join_all().await;
}

#[tokio::test]
async fn what_cannot_be_read_again_leaves_the_old_keys() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    std::fs::copy(keys("jwks.json"), &file).unwrap();
    let auth = Auth::provider(KeySource::File(file.clone()), clock()).await.unwrap();
    std::fs::write(&file, "{").unwrap();
    assert!(auth.refresh().await.is_err());
    assert!(is_let_in(&auth, &token(Algorithm::ES256, "ec.pem")));
}
