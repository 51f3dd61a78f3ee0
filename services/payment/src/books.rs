//! The books of accounts: statements, differences and closings. The law:
//! `libs/dossier/src/books/`.

use std::sync::Arc;

use dossier::books::Book;
use dossier::payment::Payment;
use engine::tasks::{Cursors, Progress, Stalled, Tasks};
use engine::view::View;
use engine::{Engine, Streams};

pub(crate) use change::account;

use crate::partners::Partners;
use crate::record::Reports;

mod change;
mod follow;
pub(crate) mod http;
mod parity;
mod rows;
mod settle;
mod shape;
pub(crate) mod tasks;
mod till;
mod totals;
pub(crate) mod twins;

/// State shared by the handlers of this module.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) engine: Arc<Engine>,
    pub(crate) books: Arc<Streams<Book>>,
    pub(crate) partners: Arc<Partners>,
    /// Lines, movements and their differences.
    pub(crate) view: Arc<View>,
    /// Position that this view has reached.
    pub(crate) shown: Progress,
}

impl App {
    /// Opens the view; adds the tasks.
    pub(crate) fn open(
        payments: &Arc<Streams<Payment>>,
        cursors: &Arc<Cursors>,
        (reports, partners): (Reports, &Arc<Partners>),
        tasks: &mut Tasks,
    ) -> Result<Self, Stalled> {
        let engine = Arc::clone(payments.engine());
        let (follower, view, shown) = follow::Follows::open(payments, partners)?;
        tasks.add(follower);
        tasks.add(settle::Settler::follow(payments, (&view, &shown), cursors, reports)?);
        let books = Arc::new(Streams::new(Arc::clone(&engine)));
        totals::offer(&engine, &view);
        let partners = Arc::clone(partners);
        Ok(Self { engine, books, partners, view, shown })
    }
}
