//! A month of trade: thousands of orders with payments, refunds, duplicates, delays, lost reports,
//! wrong amounts and reports out of order, through the API in virtual time. The providers' books are
//! a model of their own that reads nothing of ours. At the end nothing is counted twice, nothing is
//! lost, and both agree.

#![expect(clippy::unwrap_used, reason = "tests")]

mod agency;
mod books;
mod chance;
mod closing;
mod disputes;
mod office;
mod payers;
mod trade;

use trade::{Month, Size};

/// Dossiers and seeds for the time that tests have. `DOSSIER_MONTH` in place of them, as
/// `5000/17`: 5,000 dossiers with the seed 17.
fn sizes() -> Vec<Size> {
    if let Some(text) = std::env::var_os("DOSSIER_MONTH") {
        let text = text.into_string().unwrap();
        let (dossiers, seed) = text.split_once('/').unwrap();
        return vec![Size { dossiers: dossiers.parse().unwrap(), seed: seed.parse().unwrap() }];
    }
    vec![Size { dossiers: 600, seed: 1 }, Size { dossiers: 300, seed: 4 }]
}

#[tokio::test]
async fn after_a_month_of_trade_every_dong_is_a_receipt_owed_back_or_on_a_list() {
    let mut months = Vec::new();
    for size in sizes() {
        let mut month = Month::open(size).await;
        month.trade().await;
        let closed = closing::close(&mut month).await;
        eprintln!("{size:?}: {closed:?}");
        closed.is_a_whole_month(size);
        months.push(closed);
    }
    closing::have_what_is_rare(&months);
}
