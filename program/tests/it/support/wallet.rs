//! A wallet (MoMo) in the test process: it answers calls and signs reports. Its signatures are
//! written here from its documentation and use nothing of `libs/partners`.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hmac::{Hmac, Mac};
use payment::Outside;
use payment::partners::{Partners, read};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

const SECRET: &str = "wallet secret";

/// What the wallet does with the next calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Works,
    /// Status 500.
    Fails,
    /// Takes the request and hangs up.
    Loses,
}

/// The wallet, its address, and what it was asked.
#[derive(Debug, Clone)]
pub(crate) struct Wallet {
    port: u16,
    pub(crate) mood: Arc<Mutex<Mood>>,
    /// Paths and bodies of all calls.
    pub(crate) calls: Arc<Mutex<Vec<(String, Value)>>>,
    /// The transaction with which a query is answered; the payment is not known if absent.
    pub(crate) paid: Arc<Mutex<Option<i64>>>,
    /// Ends with the wallet.
    _serving: Arc<JoinSet<()>>,
}

pub(crate) fn hmac(text: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    let mac = mac.chain_update(text).finalize().into_bytes();
    mac.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl Wallet {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let wallet = Self {
            port: listener.local_addr().unwrap().port(),
            mood: Arc::new(Mutex::new(Mood::Works)),
            calls: Arc::default(),
            paid: Arc::default(),
            _serving: Arc::default(),
        };
        let (answering, mut serving) = (wallet.clone(), JoinSet::new());
        serving.spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut sent = Vec::new();
                let (path, body) = loop {
                    let mut bytes = [0; 4096];
                    let read = stream.read(&mut bytes).await.unwrap_or(0);
                    sent.extend_from_slice(&bytes[..read]);
                    let text = String::from_utf8_lossy(&sent);
                    let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                    if let Ok(body) = serde_json::from_str::<Value>(body) {
                        let path = head.split(' ').nth(1).unwrap().to_owned();
                        break (path, body);
                    }
                };
                let Some((status, answer)) = answering.answer(&path, &body) else { continue };
                let answer = answer.to_string();
                let length = answer.len();
                let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {length}\r\n\r\n");
                _ = stream.write_all(format!("{head}{answer}").as_bytes()).await;
            }
        });
        Self { _serving: Arc::new(serving), ..wallet }
    }

    fn answer(&self, path: &str, body: &Value) -> Option<(u16, Value)> {
        self.calls.lock().unwrap().push((path.to_owned(), body.clone()));
        let (order, request) = (&body["orderId"], &body["requestId"]);
        match *self.mood.lock().unwrap() {
            Mood::Fails => return Some((500, json!({}))),
            Mood::Loses => return None,
            Mood::Works => {}
        }
        let mut answer = json!({ "partnerCode": "SHOP", "orderId": order, "requestId": request });
        let more = match (path, *self.paid.lock().unwrap()) {
            ("/create", _) => {
                let url = format!("http://wallet.example/{}", order.as_str().unwrap());
                json!({ "resultCode": 0, "message": "ok", "payUrl": url })
            }
            ("/query", None) => json!({ "resultCode": 1000, "message": "open", "amount": 30_000 }),
            ("/query", Some(number)) => json!({
                "resultCode": 0, "message": "paid", "amount": 30_000, "transId": number,
                "lastUpdated": 1_795_140_300_000_i64,
            }),
            _ => panic!("{path}"),
        };
        answer.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Some((200, answer))
    }

    /// Bodies of the calls to this path.
    pub(crate) fn called(&self, path: &str) -> Vec<Value> {
        let calls = self.calls.lock().unwrap();
        calls.iter().filter(|(one, _)| one == path).map(|(_, body)| body.clone()).collect()
    }

    /// A signed report.
    pub(crate) fn report(order: &str, amount: i64, (code, number): (i64, i64)) -> Value {
        let values = [
            ("accessKey", json!("ACCESS")),
            ("amount", json!(amount)),
            ("extraData", json!("")),
            ("message", json!("done")),
            ("orderId", json!(order)),
            ("orderInfo", json!("Nop phi")),
            ("orderType", json!("momo_wallet")),
            ("partnerCode", json!("SHOP")),
            ("payType", json!("qr")),
            ("requestId", json!("r1")),
            // 2026-11-20T09:05 in Vietnam.
            ("responseTime", json!(1_795_140_300_000_i64)),
            ("resultCode", json!(code)),
            ("transId", json!(number)),
        ];
        let text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let pairs: Vec<String> =
            values.iter().map(|(name, value)| format!("{name}={}", text(value))).collect();
        let mut report = json!({ "signature": hmac(&pairs.join("&")) });
        let signed = values.into_iter().filter(|(name, _)| *name != "accessKey");
        report.as_object_mut().unwrap().extend(signed.map(|(k, v)| (k.to_owned(), v)));
        report
    }

    /// The partner's file and secret in a folder, as an installation has them.
    pub(crate) fn outside(&self, folder: &std::path::Path) -> Outside {
        let port = self.port;
        let file = format!(
            "name: wallet\nversion: 1\ntitle: {{ vi: Ví, en: Wallet }}\nkind: payment_provider\n\
             scheme: momo-2\nenabled: true\nsecrets: [wallet]\npermits_http: true\n\
             private_networks: ['127.0.0.0/8', '::1/128']\n\
             addresses:\n  pay: http://localhost:{port}/create\n  query: http://localhost:{port}/query\n\
             settings: {{ partner_code: SHOP, access_key: ACCESS }}\n\
             capabilities: {{ pay: 'on', notify: 'on', return: 'on', query: 'on' }}\n\
             limits: {{ timeout_seconds: 2, amount_min: 1000 }}\n"
        );
        std::fs::write(folder.join("wallet.yaml"), file).unwrap();
        std::fs::write(folder.join("wallet"), SECRET).unwrap();
        let known = read(folder, Some(folder)).unwrap();
        let public_url = "https://dossier.example".parse().ok();
        let origins = vec!["https://portal.example".to_owned()];
        let partners = Partners::new(known, public_url, origins).unwrap().into();
        let outbox = outbox::Outbox::in_file(&folder.join("outbox.sqlite")).unwrap();
        Outside { sandbox: true, partners, outbox, opened_within: Duration::ZERO }
    }
}
