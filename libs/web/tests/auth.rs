//! An identity provider: its keys in a file and at an address, and what happens when they change. The keys under
//! `tests/keys` were made for these tests and open nothing.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use dossier::contract::Role;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use platform::TimeSource;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use web::auth::{Auth, KeySource, Rules, Unauthenticated};
use web::limits::KEYS_TRUSTED_FOR_MAX;

fn keys(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keys").join(file)
}

fn read(file: &str) -> String {
    std::fs::read_to_string(keys(file)).unwrap()
}

fn clock() -> TimeSource {
    TimeSource::manual(Timestamp::from_second(1_000).unwrap())
}

fn rules() -> Rules {
    Rules {
        issuer: "https://identity.example".to_owned(),
        audience: "dossier".to_owned(),
        life_max: SignedDuration::from_hours(24),
    }
}

async fn shipped() -> Auth {
    Auth::provider(KeySource::File(keys("jwks.json")), rules(), None, clock()).await.unwrap()
}

fn claims() -> Value {
    json!({
        "iss": "https://identity.example", "aud": "dossier", "sub": "u1", "exp": 2_000,
        "roles": ["clerk"], "agency": "G02",
    })
}

/// The usual claims with some changed; null takes one away.
fn with(changed: Value) -> Value {
    let mut claims = claims();
    for (name, value) in changed.as_object().unwrap() {
        let all = claims.as_object_mut().unwrap();
        if value.is_null() {
            all.remove(name)
        } else {
            all.insert(name.clone(), value.clone())
        };
    }
    claims
}

fn signed(header: &Header, claims: &Value, key: &str) -> String {
    let pem = read(key);
    let key = match header.alg {
        Algorithm::ES256 => EncodingKey::from_ec_pem(pem.as_bytes()).unwrap(),
        _ => EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap(),
    };
    format!("Bearer {}", encode(header, claims, &key).unwrap())
}

fn header(algorithm: Algorithm) -> Header {
    let kid = if algorithm == Algorithm::ES256 { "ec-1" } else { "rsa-1" };
    Header { kid: Some(kid.to_owned()), ..Header::new(algorithm) }
}

fn token(algorithm: Algorithm, key: &str) -> String {
    signed(&header(algorithm), &claims(), key)
}

/// A token of the provider that says this.
fn saying(claims: &Value) -> String {
    signed(&header(Algorithm::ES256), claims, "ec.pem")
}

fn is_let_in(auth: &Auth, token: &str) -> bool {
    auth.caller(Some(token)).is_ok_and(|caller| caller.subject.as_str() == "u1")
}

#[tokio::test]
async fn tokens_signed_with_es256_and_rs256_are_believed_and_others_are_not() {
    let auth = shipped().await;
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
        ("{}", "no list `keys`"),
        (r#"{"keys":{}}"#, "no list `keys`"),
        (r#"{"keys":[]}"#, "no key signs"),
        (r#"{"keys":[{"kty":"oct","k":"c2VjcmV0","alg":"HS256"}]}"#, "no key signs"),
    ] {
        std::fs::write(&file, text).unwrap();
        let refused = Auth::provider(KeySource::File(file.clone()), rules(), None, clock())
            .await
            .unwrap_err();
        assert!(refused.to_string().contains(reason), "{refused}");
        assert!(refused.to_string().contains("jwks.json"), "{refused}");
    }
    let nowhere: KeySource = "http://127.0.0.1:1/jwks".parse().unwrap();
    assert!(Auth::provider(nowhere, rules(), None, clock()).await.is_err());
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
    let both: Value = serde_json::from_str(&read("jwks.json")).unwrap();
    let only = |n: usize| serde_json::json!({ "keys": [both["keys"][n]] }).to_string();
    let published = Arc::new(Mutex::new(only(0)));
    let auth =
        Auth::provider(provider(Arc::clone(&published)), rules(), None, clock()).await.unwrap();
    let auth = Arc::new(auth);
    let (first, second) = (token(Algorithm::ES256, "ec.pem"), token(Algorithm::RS256, "rsa.pem"));
    assert!(is_let_in(&auth, &first) && !is_let_in(&auth, &second));

    let stop = CancellationToken::new();
    let (keeping, asked) = (Arc::clone(&auth), stop.clone());
    let mut running = tokio::task::JoinSet::new();
    running.spawn(async move { keeping.keep_fresh(asked).await });
    *published.lock().unwrap() = only(1);
    let known = async {
        while !is_let_in(&auth, &second) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), known).await.unwrap();
    assert!(!is_let_in(&auth, &first), "the first key was withdrawn");
    stop.cancel();
    running.join_all().await;
}

/// One that answers every request in the same way.
fn answering(response: String) -> KeySource {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4_096]).unwrap();
            stream.write_all(response.as_bytes()).unwrap();
        }
    });
    format!("http://{address}/jwks").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_else_says_which_keys_are_trusted() {
    let elsewhere = provider(Arc::new(Mutex::new(read("jwks.json"))));
    for status in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect"] {
        let head = format!("HTTP/1.1 {status}\r\nLocation: {elsewhere}\r\nConnection: close");
        let moved = answering(format!("{head}\r\nContent-Length: 0\r\n\r\n"));
        let refused = Auth::provider(moved, rules(), None, clock()).await.unwrap_err().to_string();
        assert!(refused.contains("is not followed") && refused.contains(&elsewhere.to_string()));
    }
    assert!(Auth::provider(elsewhere, rules(), None, clock()).await.is_ok());
}

#[tokio::test]
async fn what_cannot_be_read_again_leaves_the_old_keys_for_an_hour() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    std::fs::copy(keys("jwks.json"), &file).unwrap();
    let clock = clock();
    let read_at = clock.now();
    let source = KeySource::File(file.clone());
    let auth = Auth::provider(source, rules(), None, clock.clone()).await.unwrap();
    let token = saying(&with(json!({ "exp": 9_000 })));
    for broken in ["{", "", r#"{"jwks":[]}"#] {
        std::fs::write(&file, broken).unwrap();
        assert!(auth.refresh().await.is_err(), "{broken}");
        assert!(is_let_in(&auth, &token), "{broken}");
    }
    clock.advance_to(read_at + KEYS_TRUSTED_FOR_MAX);
    assert!(is_let_in(&auth, &token));
    clock.advance_to(read_at + KEYS_TRUSTED_FOR_MAX + SignedDuration::from_secs(1));
    assert_eq!(auth.caller(Some(&token)), Err(Unauthenticated::KeysTooOld));
    assert_eq!(auth.keys_age().unwrap().as_secs(), 3_601);
    std::fs::copy(keys("jwks.json"), &file).unwrap();
    auth.refresh().await.unwrap();
    assert!(is_let_in(&auth, &token));
}

#[tokio::test]
async fn an_emptied_set_ends_all_trust_at_once_also_in_tokens_that_were_verified_before() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    for emptied in [r#"{"keys":[]}"#, r#"{"keys":[null,{"kty":"oct","k":"c2VjcmV0"}]}"#] {
        std::fs::copy(keys("jwks.json"), &file).unwrap();
        let source = KeySource::File(file.clone());
        let auth = Auth::provider(source, rules(), None, clock()).await.unwrap();
        let token = token(Algorithm::ES256, "ec.pem");
        assert!(is_let_in(&auth, &token));
        std::fs::write(&file, emptied).unwrap();
        auth.refresh().await.unwrap();
        assert_eq!(auth.caller(Some(&token)), Err(Unauthenticated::UnknownKey), "{emptied}");
    }
}

#[tokio::test]
async fn unknown_and_broken_keys_stand_in_nobodys_way() {
    let good: Value = serde_json::from_str(&read("jwks.json")).unwrap();
    let (ec, rsa) = (&good["keys"][0], &good["keys"][1]);
    let mut padded = ec.clone();
    padded["x"] = format!("{}=", ec["x"].as_str().unwrap()).into();
    let mut short = ec.clone();
    short["x"] = "AAAA".into();
    let others = json!([
        null, 7, "key", [], {}, padded, short,
        { "kty": "OKP", "crv": "Ed448", "kid": "ed448", "x": "AAAA" },
        { "kty": "OKP", "crv": "X25519", "x": "AAAA" },
        { "kty": "EC", "crv": "secp256k1", "x": "AAAA", "y": "AAAA" },
        { "kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA" },
        { "kty": "RSA", "kid": "no-modulus" },
        { "kty": "RSA", "n": "!", "e": "AQAB" },
    ]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    let mut all = others.as_array().unwrap().clone();
    all.insert(5, ec.clone());
    all.push(rsa.clone());
    std::fs::write(&file, json!({ "keys": all }).to_string()).unwrap();
    let auth = Auth::provider(KeySource::File(file), rules(), None, clock()).await.unwrap();
    assert!(is_let_in(&auth, &token(Algorithm::ES256, "ec.pem")));
    assert!(is_let_in(&auth, &token(Algorithm::RS256, "rsa.pem")));
}

#[tokio::test]
async fn a_short_rsa_key_verifies_nothing() {
    // The public half of rsa-1024.pem.
    let modulus = "zLds8CJF6ropyHpH8cD21zO2HmvrXXecgbWg2XfUN95aMCfcUSyYvMgsFlqjaj4VrHUgXudOIhRYfZahqAmrBDr_h4xGQBuUEgT_mN3ydsJqHzEq57jNDS_EgGFTkk7JW_1566aDHvFbjNFV5sJUKYc4VGBfk4fFxepfoyAG7oE";
    let short = json!({ "kty": "RSA", "kid": "rsa-1", "n": modulus, "e": "AQAB" });
    let good: Value = serde_json::from_str(&read("jwks.json")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    std::fs::write(&file, json!({ "keys": [short, good["keys"][0]] }).to_string()).unwrap();
    let auth = Auth::provider(KeySource::File(file), rules(), None, clock()).await.unwrap();
    let refused = auth.caller(Some(&token(Algorithm::RS256, "rsa-1024.pem")));
    assert_eq!(refused, Err(Unauthenticated::UnknownKey));
}

#[tokio::test]
async fn only_tokens_of_the_issuer_for_this_audience_are_believed() {
    let auth = shipped().await;
    let ask = |changed| auth.caller(Some(&saying(&with(changed)))).map(|_| ());
    assert_eq!(ask(json!({ "aud": "dossier" })), Ok(()));
    assert_eq!(ask(json!({ "aud": ["account", "dossier"] })), Ok(()));
    for other in [json!("payroll"), json!(["payroll"]), json!([]), json!("dossier2"), Value::Null] {
        assert_eq!(ask(json!({ "aud": other })), Err(Unauthenticated::Audience), "{other}");
    }
    for other in [json!("https://other.example"), json!("https://identity.example/"), Value::Null] {
        assert_eq!(ask(json!({ "iss": other })), Err(Unauthenticated::Issuer), "{other}");
    }
    assert_eq!(
        ask(json!({ "iss": ["https://identity.example"] })),
        Err(Unauthenticated::Claim("iss"))
    );
}

#[tokio::test]
async fn access_tokens_are_taken_and_id_and_logout_tokens_are_not() {
    let auth = shipped().await;
    let typed = |typ: Option<&str>, changed: Value| {
        let header = Header { typ: typ.map(ToOwned::to_owned), ..header(Algorithm::ES256) };
        auth.caller(Some(&signed(&header, &with(changed), "ec.pem"))).map(|_| ())
    };
    for typ in [None, Some("JWT"), Some("jwt"), Some("at+jwt"), Some("application/at+jwt")] {
        assert_eq!(typed(typ, json!({})), Ok(()), "{typ:?}");
    }
    for typ in ["id_token+jwt", "logout+jwt", "dpop+jwt", "secevent+jwt", ""] {
        let refused = typed(Some(typ), json!({}));
        assert_eq!(refused, Err(Unauthenticated::NotForAccess), "{typ}");
    }
    for only_there in [
        json!({ "at_hash": "x" }),
        json!({ "c_hash": "x" }),
        json!({ "nonce": "x" }),
        json!({ "typ": "ID" }),
        json!({ "typ": "Refresh" }),
        json!({ "events": { "http://schemas.openid.net/event/backchannel-logout": {} } }),
    ] {
        let refused = typed(Some("JWT"), only_there.clone());
        assert_eq!(refused, Err(Unauthenticated::NotForAccess), "{only_there}");
    }
    // A provider that hands the nonce on, and says that it is for access.
    assert_eq!(
        typed(Some("JWT"), json!({ "nonce": "x", "scope": "openid", "typ": "Bearer" })),
        Ok(())
    );
    assert_eq!(typed(Some("at+jwt"), json!({ "nonce": "x" })), Ok(()));
}

#[tokio::test]
async fn whatever_must_be_understood_is_not() {
    let auth = shipped().await;
    for crit in [json!(["b64"]), json!(["exp"]), json!([]), Value::Null, json!("b64")] {
        let pem = read("ec.pem");
        let key = EncodingKey::from_ec_pem(pem.as_bytes()).unwrap();
        let header = json!({ "alg": "ES256", "kid": "ec-1", "crit": crit, "b64": true, "exp": 1 });
        let text = |part: &Value| {
            use base64::Engine;
            base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(part.to_string())
        };
        let message = format!("{}.{}", text(&header), text(&claims()));
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::ES256);
        let token = format!("Bearer {message}.{}", signature.unwrap());
        assert_eq!(auth.caller(Some(&token)), Err(Unauthenticated::Critical), "{crit}");
    }
}

#[tokio::test]
async fn times_may_have_fractions() {
    let auth = shipped().await;
    let ask = |changed| auth.caller(Some(&saying(&with(changed)))).map(|_| ());
    assert_eq!(ask(json!({ "exp": 1_795.25, "nbf": 900.5, "iat": 900.5 })), Ok(()));
    assert_eq!(ask(json!({ "exp": 1.9e3 })), Ok(()));
    assert_eq!(ask(json!({ "exp": 969.5 })), Err(Unauthenticated::Expired));
    assert_eq!(ask(json!({ "exp": 970.5 })), Ok(()), "within the leeway");
    assert_eq!(ask(json!({ "nbf": 1_030.5 })), Err(Unauthenticated::Early));
    assert_eq!(ask(json!({ "iat": 1_030.5 })), Err(Unauthenticated::Early));
    for exp in [json!("2000"), Value::Null, json!(true), json!([2_000])] {
        assert_eq!(ask(json!({ "exp": exp })), Err(Unauthenticated::Claim("exp")), "{exp}");
    }
}

#[tokio::test]
async fn a_token_is_not_valid_for_longer_than_the_setting_says() {
    let auth = shipped().await;
    let ask = |changed| auth.caller(Some(&saying(&with(changed)))).map(|_| ());
    let day = 24 * 60 * 60;
    assert_eq!(ask(json!({ "iat": 900, "exp": 900 + day })), Ok(()));
    assert_eq!(ask(json!({ "iat": 900, "exp": 901 + day })), Err(Unauthenticated::LongLived));
    assert_eq!(ask(json!({ "exp": 1_001 + day })), Err(Unauthenticated::LongLived));
    assert_eq!(ask(json!({ "exp": 1e300 })), Err(Unauthenticated::LongLived));
}

#[tokio::test]
async fn roles_of_other_programs_are_passed_over() {
    let auth = shipped().await;
    let roles =
        |roles| auth.caller(Some(&saying(&with(json!({ "roles": roles }))))).map(|c| c.roles);
    let clerk = Ok(vec![Role::Clerk]);
    assert_eq!(roles(json!(["offline_access", "clerk", 7, null, "uma_authorization"])), clerk);
    assert_eq!(roles(json!(["system", "clerk"])), clerk);
    for none in [json!(["offline_access"]), json!(["system"]), json!([]), Value::Null] {
        assert_eq!(roles(none.clone()), Ok(Vec::new()), "{none}");
    }
    assert_eq!(roles(json!("clerk")), Err(Unauthenticated::Claim("roles")));
}

#[tokio::test]
async fn whoever_is_named_has_a_name() {
    let auth = shipped().await;
    let ask = |changed| auth.caller(Some(&saying(&with(changed)))).map(|_| ());
    let longest = "x".repeat(200);
    for claim in ["sub", "on_behalf_of"] {
        for good in ["u", &*longest, "cá nhân 1"] {
            assert_eq!(ask(json!({ claim: good })), Ok(()), "{claim} {good}");
        }
        for bad in ["", " ", "a\0b", "a\nb", "a\u{85}", &*format!("{longest}x")] {
            let refused = ask(json!({ claim: bad }));
            assert_eq!(refused, Err(Unauthenticated::Claim(claim)), "{claim} {bad:?}");
        }
        assert_eq!(ask(json!({ claim: 7 })), Err(Unauthenticated::Claim(claim)));
    }
    assert_eq!(ask(json!({ "sub": null })), Err(Unauthenticated::Claim("sub")));
    assert_eq!(ask(json!({ "agency": "g02" })), Err(Unauthenticated::Claim("agency")));
}

#[tokio::test]
async fn the_scheme_is_bearer_in_any_case_and_nothing_else() {
    let auth = shipped().await;
    let token = token(Algorithm::ES256, "ec.pem");
    let text = token.strip_prefix("Bearer ").unwrap();
    for scheme in ["Bearer ", "bearer ", "BEARER ", "Bearer   ", "bEaReR  "] {
        assert!(is_let_in(&auth, &format!("{scheme}{text}")), "{scheme}");
    }
    let others = ["", "Basic ", "Bearers ", "Bearer\t"].map(|scheme| format!("{scheme}{text}"));
    for wrong in others.iter().map(String::as_str).chain(["", "Bearer", "Bearer "]) {
        assert_eq!(auth.caller(Some(wrong)), Err(Unauthenticated::Scheme), "{wrong:?}");
    }
    assert_eq!(auth.caller(None), Err(Unauthenticated::Missing));
}

#[tokio::test]
async fn a_token_names_a_key_of_the_server() {
    let auth = shipped().await;
    let header = Header { kid: Some("ec-9".to_owned()), ..header(Algorithm::ES256) };
    let unknown = signed(&header, &claims(), "ec.pem");
    assert_eq!(auth.caller(Some(&unknown)), Err(Unauthenticated::UnknownKey));
    let laptop = web::auth::DevelopmentKey::from_seed([7; 32]);
    let claims = web::auth::Claims {
        sub: "u1".into(),
        exp: 2_000,
        nbf: None,
        roles: vec![Role::Operator],
        agency: None,
        on_behalf_of: None,
    };
    let minted = format!("Bearer {}", laptop.mint(&claims).unwrap());
    assert_eq!(auth.caller(Some(&minted)), Err(Unauthenticated::DevelopmentKey));
}
