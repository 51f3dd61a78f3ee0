//! The national platform and bodies with an HMAC against node's crypto.

use cluster::needs;
use cluster::tools::node_packages;
use jiff::Timestamp;
use partners::{Incoming, Partner, Start, Vnd};
use serde_json::{Value, json};

use super::{TEXTS, example, oracle, order, question, secrets, text};

#[test]
fn the_national_platform_is_signed_as_its_client_does() {
    needs!(node_packages());
    let partner = example("national-platform");
    let scheme = partner.scheme();
    let Ok(Start::Call(init)) = scheme.pay(&partner, &secrets(), &order(TEXTS[1], "DSR1")) else {
        panic!("no call");
    };
    let init: Value = serde_json::from_slice(&init.body).unwrap();
    let query = scheme.query(&partner, &secrets(), question("DSR1")).unwrap();
    let query: Value = serde_json::from_slice(&query.body).unwrap();
    let values = |body: &Value, names: &[&str]| -> Vec<Value> {
        names.iter().map(|name| body[*name].clone()).collect()
    };
    let init_names = [
        "LoaiBanTin",
        "PhienBan",
        "MaDoiTac",
        "MaThamChieu",
        "SoTien",
        "LoaiHinhThanhToan",
        "MaKenhThanhToan",
        "MaThietBi",
        "NgonNgu",
        "MaTienTe",
        "MaNganHang",
        "ThongTinGiaoDich",
        "ThoiGianGD",
        "Ip",
    ];
    let query_names = ["LoaiBanTin", "PhienBan", "MaDoiTac", "MaThamChieu", "ThoiGianGD"];
    let confirm_names = [
        "LoaiBanTin",
        "MaLoi",
        "MaDoiTac",
        "MaThamChieu",
        "SoTien",
        "MaTienTe",
        "MaGiaoDich",
        "MaNganHang",
        "ThoiGianGD",
        "ThongTinGiaoDich",
    ];
    let mut confirm = json!({
        "LoaiBanTin": "CONFIRM", "MaLoi": "00", "MaDoiTac": "DT001", "MaThamChieu": "DSR1",
        "SoTien": 30_000, "MaTienTe": "VND", "MaGiaoDich": "GD1", "MaNganHang": "VCB",
        "ThoiGianGD": "20261126170112", "ThongTinGiaoDich": TEXTS[1],
    });
    let sign = |values: Vec<Value>, secret: &str| {
        ("platform.sign", json!({"secret": secret, "values": values}))
    };
    let codes = oracle(&[
        sign(values(&init, &init_names), "KHOAMOI"),
        sign(values(&query, &query_names), "KHOAMOI"),
        sign(values(&confirm, &confirm_names), "KHOACU"),
    ]);
    assert_eq!((&init["MaXacThuc"], &query["MaXacThuc"]), (&codes[0], &codes[1]));
    confirm["MaXacThuc"] = codes[2].clone();
    let body = confirm.to_string();
    let incoming = Incoming { body: body.as_bytes(), ..Incoming::default() };
    let notice = scheme.notice(&partner, &secrets(), incoming, Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!((notice.amount, notice.key.as_deref()), (Some(Vnd(30_000)), Some("old")));
}

#[test]
fn bodies_are_signed_as_nodes_crypto_does() {
    needs!(node_packages());
    let text = text("hmac-body");
    let now: Timestamp = "2026-11-26T10:05:00Z".parse().unwrap();
    let body = json!({"id": "e1", "type": "payment.succeeded", "text": TEXTS,
        "data": {"order": "DSR1", "amount": 30_000}});
    let body = body.to_string();
    let signed = format!("{}.{body}", now.as_second());
    for algorithm in ["sha256", "sha512"] {
        for encoding in ["hex", "base64"] {
            let settings = format!("settings:\n  algorithm: {algorithm}\n  encoding: {encoding}\n");
            let partner = Partner::parse(&text.replace("settings:\n", &settings)).unwrap();
            let request = json!({"secret": "KHOACU", "text": signed, "algorithm": algorithm,
                "encoding": encoding});
            let signature = oracle(&[("hmac.sign", request)]).remove(0);
            let signature = format!("sha256={}", signature.as_str().unwrap());
            let time = now.as_second().to_string();
            let headers = [("x-signature", &*signature), ("x-timestamp", &*time)];
            let incoming = Incoming { headers: &headers, body: body.as_bytes(), query: "" };
            let notice = partner.scheme().notice(&partner, &secrets(), incoming, now).unwrap();
            assert_eq!(notice.key.as_deref(), Some("old"), "{algorithm} {encoding}");
        }
    }
}
