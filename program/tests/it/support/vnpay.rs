//! VNPAY in the test process: it verifies redirects and calls, answers them, and signs reports. Its
//! signatures are written here from its documentation and use nothing of `libs/partners`.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hmac::{Hmac, Mac};
use payment::Outside;
use payment::partners::{Partners, read};
use serde_json::{Value, json};
use sha2::Sha512;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

const SECRET: &str = "vnpay secret";
/// Values of a request for a refund, in the order in which they are signed.
const REFUND: [&str; 13] = [
    "vnp_RequestId",
    "vnp_Version",
    "vnp_Command",
    "vnp_TmnCode",
    "vnp_TransactionType",
    "vnp_TxnRef",
    "vnp_Amount",
    "vnp_TransactionNo",
    "vnp_TransactionDate",
    "vnp_CreateBy",
    "vnp_CreateDate",
    "vnp_IpAddr",
    "vnp_OrderInfo",
];
/// Values of an answer; that to a query has two more.
const ANSWER: [&str; 13] = [
    "vnp_ResponseId",
    "vnp_Command",
    "vnp_ResponseCode",
    "vnp_Message",
    "vnp_TmnCode",
    "vnp_TxnRef",
    "vnp_Amount",
    "vnp_BankCode",
    "vnp_PayDate",
    "vnp_TransactionNo",
    "vnp_TransactionType",
    "vnp_TransactionStatus",
    "vnp_OrderInfo",
];

/// What becomes of the next refunds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Back {
    Returns,
    /// VNPAY works on it until it is told otherwise.
    Waits,
    /// Returns the money and hangs up.
    Loses,
}

/// A refund in VNPAY's books.
#[derive(Debug, Clone)]
pub(crate) struct Returned {
    pub(crate) number: i64,
    /// `02` of the whole payment, `03` of a part.
    pub(crate) kind: String,
    /// In đồng.
    pub(crate) amount: i64,
    pub(crate) status: &'static str,
}

/// A payment of one reference, and its refunds.
#[derive(Debug, Clone)]
pub(crate) struct Vnpay {
    port: u16,
    pub(crate) back: Arc<Mutex<Back>>,
    /// The paid amount in đồng, and its number.
    pub(crate) paid: Arc<Mutex<Option<(i64, i64)>>>,
    pub(crate) refunds: Arc<Mutex<Vec<Returned>>>,
    /// Ends with VNPAY.
    _serving: Arc<JoinSet<()>>,
}

fn hmac(text: &str) -> String {
    let mac = Hmac::<Sha512>::new_from_slice(SECRET.as_bytes()).unwrap();
    let mac = mac.chain_update(text).finalize().into_bytes();
    mac.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl Vnpay {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let vnpay = Self {
            port: listener.local_addr().unwrap().port(),
            back: Arc::new(Mutex::new(Back::Returns)),
            paid: Arc::default(),
            refunds: Arc::default(),
            _serving: Arc::default(),
        };
        let (answering, mut serving) = (vnpay.clone(), JoinSet::new());
        serving.spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut sent = Vec::new();
                let body = loop {
                    let mut bytes = [0; 4096];
                    let read = stream.read(&mut bytes).await.unwrap_or(0);
                    sent.extend_from_slice(&bytes[..read]);
                    let text = String::from_utf8_lossy(&sent);
                    let Some((_, body)) = text.split_once("\r\n\r\n") else { continue };
                    if let Ok(body) = serde_json::from_str::<Value>(body) {
                        break body;
                    }
                };
                let Some(answer) = answering.answer(&body) else { continue };
                let answer = answer.to_string();
                let length = answer.len();
                let head = format!("HTTP/1.1 200 x\r\ncontent-length: {length}\r\n\r\n");
                _ = stream.write_all(format!("{head}{answer}").as_bytes()).await;
            }
        });
        Self { _serving: Arc::new(serving), ..vnpay }
    }

    fn answer(&self, body: &Value) -> Option<Value> {
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let (paid, number) = self.paid.lock().unwrap().unwrap();
        let mut refunds = self.refunds.lock().unwrap();
        let is_refund = text("vnp_Command") == "refund";
        let mut lost = false;
        if is_refund {
            let signed: Vec<String> = REFUND.iter().map(|name| text(name)).collect();
            assert_eq!(body["vnp_SecureHash"], hmac(&signed.join("|")), "{body}");
            assert_eq!(text("vnp_TransactionNo"), number.to_string());
            let amount = text("vnp_Amount").parse::<i64>().unwrap() / 100;
            let gone: i64 = refunds.iter().map(|one| one.amount).sum();
            assert!(amount + gone <= paid, "{amount} of {paid}, of which {gone} is gone");
            assert!(refunds.iter().all(|one| one.status == "00"), "one at a time: {refunds:?}");
            let back = *self.back.lock().unwrap();
            lost = back == Back::Loses;
            let status = if back == Back::Waits { "05" } else { "00" };
            let (kind, place) = (text("vnp_TransactionType"), refunds.len());
            let number = number + 1 + i64::try_from(place).unwrap();
            refunds.push(Returned { number, kind, amount, status });
        }
        let (kind, amount, number, status) = match refunds.last() {
            Some(one) => (one.kind.clone(), one.amount, one.number, one.status),
            None => ("01".to_owned(), paid, number, "00"),
        };
        let values = [
            ("vnp_ResponseId", text("vnp_RequestId")),
            ("vnp_Command", text("vnp_Command")),
            ("vnp_ResponseCode", "00".to_owned()),
            ("vnp_Message", "OK".to_owned()),
            ("vnp_TmnCode", "DOSSIER1".to_owned()),
            ("vnp_TxnRef", text("vnp_TxnRef")),
            ("vnp_Amount", (amount * 100).to_string()),
            ("vnp_BankCode", "NCB".to_owned()),
            ("vnp_PayDate", "20261120110000".to_owned()),
            ("vnp_TransactionNo", number.to_string()),
            ("vnp_TransactionType", kind),
            ("vnp_TransactionStatus", status.to_owned()),
            ("vnp_OrderInfo", "Nop phi".to_owned()),
        ];
        let of = |name: &&str| values.iter().find(|(one, _)| one == name).unwrap().1.clone();
        let mut signed: Vec<String> = ANSWER.iter().map(of).collect();
        if !is_refund {
            signed.extend([String::new(), String::new()]);
        }
        let mut answer = json!({ "vnp_SecureHash": hmac(&signed.join("|")) });
        answer.as_object_mut().unwrap().extend(values.map(|(k, v)| (k.to_owned(), json!(v))));
        (!lost).then_some(answer)
    }

    /// VNPAY has returned what it worked on.
    pub(crate) fn settle(&self) {
        self.refunds.lock().unwrap().iter_mut().for_each(|one| one.status = "00");
    }

    /// The parameters of a redirect whose signature is right.
    pub(crate) fn redirected(url: &str) -> Vec<(String, String)> {
        let (_, query) = url.split_once('?').unwrap();
        let (signed, hash) = query.split_once("&vnp_SecureHash=").unwrap();
        assert_eq!(hash, hmac(signed), "{url}");
        serde_urlencoded::from_str(signed).unwrap()
    }

    /// The query of a report (IPN).
    pub(crate) fn report(
        reference: &str,
        amount: i64,
        (code, number): (&str, i64),
        secret: Option<&str>,
    ) -> String {
        let values = [
            ("vnp_Amount", (amount * 100).to_string()),
            ("vnp_BankCode", "NCB".to_owned()),
            ("vnp_BankTranNo", format!("VNP{number}")),
            ("vnp_CardType", "ATM".to_owned()),
            ("vnp_OrderInfo", "Nộp phí hồ sơ".to_owned()),
            ("vnp_PayDate", "20261120090500".to_owned()),
            ("vnp_ResponseCode", code.to_owned()),
            ("vnp_TmnCode", "DOSSIER1".to_owned()),
            ("vnp_TransactionNo", number.to_string()),
            ("vnp_TransactionStatus", if code == "00" { "00" } else { "02" }.to_owned()),
            ("vnp_TxnRef", reference.to_owned()),
        ];
        let signed = serde_urlencoded::to_string(&values).unwrap();
        let hash = secret.map_or_else(|| hmac(&signed), |other| hmac(&format!("{other}{signed}")));
        format!("/v1/partners/vnpay/notices?{signed}&vnp_SecureHash={hash}")
    }

    /// The partner's file and secret in a folder, as an installation has them; `more` are further
    /// capabilities.
    pub(crate) fn outside(&self, folder: &std::path::Path, more: &str) -> Outside {
        let address = format!("http://localhost:{}/merchant_webapi/api/transaction", self.port);
        let file = format!(
            "name: vnpay\nversion: 1\ntitle: {{ vi: VNPAY, en: VNPAY }}\nkind: payment_provider\n\
             scheme: vnpay-2.1.0\nenabled: true\nsecrets: [vnpay]\npermits_http: true\n\
             private_networks: ['127.0.0.0/8', '::1/128']\n\
             addresses:\n  pay: https://vnpay.example/paymentv2/vpcpay.html\n  \
             query: {address}\n  refund: {address}\n\
             settings: {{ merchant: DOSSIER1 }}\n\
             capabilities: {{ pay: 'on', notify: 'on', return: 'on', query: 'on', refund: 'on'{more} }}\n\
             limits: {{ timeout_seconds: 2, amount_min: 1000 }}\n"
        );
        std::fs::write(folder.join("vnpay.yaml"), file).unwrap();
        std::fs::write(folder.join("vnpay"), SECRET).unwrap();
        let known = read(folder, Some(folder)).unwrap();
        let public_url = "https://dossier.example".parse().ok();
        let origins = vec!["https://portal.example".to_owned()];
        let partners = Partners::new(known, public_url, origins).unwrap().into();
        let outbox = outbox::Outbox::in_file(&folder.join("outbox.sqlite")).unwrap();
        Outside { sandbox: true, partners, outbox, opened_within: Duration::ZERO }
    }
}
