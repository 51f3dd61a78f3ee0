//! `Read`: reads a stream or the log page by page; without an end, it is a subscription
//! (`subscribe`).
//!
//! A read with a limit searches for one more event before it ends, as the server does: a client
//! that waits for the end of the answer waits until the rest of the log was scanned.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use tonic::server::ServerStreamingService;
use tonic::{Request, Response, Status};

use super::{Reply, message, subscribe};
use crate::cluster::Node;
use crate::log::Record;
use crate::log::prefix::Filter;
use crate::log::reading::{Look, Page, Refused};
use crate::users::{Caller, LOG};
use crate::wire::Empty;
use crate::wire::read::{
    Count, FilterOptions, From, Of, ReadContent, ReadOptions, ReadReq, ReadResp, Revision,
    StreamNotFound, StreamOptions, Window,
};

pub(super) type Answers = BoxStream<'static, Result<ReadResp, Status>>;

pub(super) const PAGE_EVENTS: usize = 32;

#[derive(Debug)]
pub(super) struct Read {
    pub(super) node: Arc<Node>,
    pub(super) caller: Caller,
}

impl ServerStreamingService<ReadReq> for Read {
    type Response = ReadResp;
    type ResponseStream = Answers;
    type Future = Reply<Answers>;

    fn call(&mut self, request: Request<ReadReq>) -> Self::Future {
        let (node, caller) = (Arc::clone(&self.node), self.caller.clone());
        Box::pin(async move {
            node.leads_for(request.metadata())?;
            let options = request.into_inner().options.ok_or_else(message::thrown)?;
            let stream = match &options.of {
                Some(Of::Stream(stream)) => message::name(stream.stream_identifier.as_ref()),
                Some(Of::All(_)) | None => Some(LOG.to_owned()),
            };
            caller.may_read(&node.cluster.log(), &stream.ok_or_else(message::thrown)?)?;
            read(node, options).map(Response::new)
        })
    }
}

fn read(node: Arc<Node>, options: ReadOptions) -> Result<Answers, Status> {
    let ReadOptions { of, direction, count, filter, uuid_option, .. } = options;
    let structured = uuid_option.is_none_or(|wanted| wanted.string.is_none());
    let backwards = direction == 1;
    match (of.ok_or_else(message::thrown)?, count.ok_or_else(message::thrown)?) {
        (Of::Stream(options), Count::AtMost(count)) => {
            read_stream(&node, &options, backwards, count, structured)
        }
        (Of::All(all), Count::AtMost(count)) => {
            let from = all.from.ok_or_else(message::thrown)?;
            let read = Reading {
                structured,
                left: count,
                backwards,
                from: 0,
                look: look(filter.as_ref())?,
            };
            read_all(node, from, filter.is_some(), read)
        }
        (_, Count::Subscription(Empty {})) if backwards => Err(message::thrown()),
        (Of::Stream(options), Count::Subscription(Empty {})) => {
            subscribe::to_stream(node, &options, structured)
        }
        (Of::All(all), Count::Subscription(Empty {})) => {
            let multiplier = filter.as_ref().map(|filter| filter.checkpoint_interval_multiplier);
            let from = all.from.unwrap_or(From::Start(Empty {}));
            subscribe::to_all(node, from, look(filter.as_ref())?, multiplier, structured)
        }
    }
}

/// Filter and limits of a read of the log.
fn look(options: Option<&FilterOptions>) -> Result<Look, Status> {
    let filter = Filter::read(options);
    let filter = filter.ok_or_else(|| Status::unimplemented("not a filter of this double"))?;
    let window = match options.map(|options| options.window) {
        Some(Some(Window::Max(window))) => window as usize,
        Some(Some(Window::Unlimited(Empty {})) | None) | None => PAGE_EVENTS,
    };
    Ok(Look { filter, events_max: PAGE_EVENTS, window, until: u64::MAX })
}

/// State of a read of the log.
struct Reading {
    structured: bool,
    /// Events still to be returned.
    left: u64,
    backwards: bool,
    /// Place of the next page.
    from: u64,
    look: Look,
}

fn read_all(
    node: Arc<Node>,
    from: From,
    filtered: bool,
    mut read: Reading,
) -> Result<Answers, Status> {
    let began = {
        let log = node.cluster.log();
        if read.backwards { log.backwards_from(from) } else { log.forwards_from(from) }
    };
    read.from = began.map_err(|refused| refusal(refused, filtered))?;
    if read.left == 0 {
        return Ok(stream::empty().boxed());
    }
    read.look.events_max =
        read.look.events_max.min(usize::try_from(read.left).unwrap_or(usize::MAX));
    let pages = stream::try_unfold(Some((node, read)), |under_way| async {
        let Some((node, mut read)) = under_way else { return Ok::<_, Status>(None) };
        let Page { events, next, ends, .. } = page(&node, &read);
        let wanted = usize::try_from(read.left).unwrap_or(usize::MAX).min(events.len());
        let ended = ends || events.len() > wanted;
        let events = answers(events.iter().take(wanted), read.structured);
        (read.left, read.from) = (read.left - wanted as u64, next);
        tokio::task::yield_now().await;
        Ok(Some((events, (!ended).then_some((node, read)))))
    });
    Ok(pages.map_ok(|events| stream::iter(events.into_iter().map(Ok))).try_flatten().boxed())
}

fn page(node: &Node, read: &Reading) -> Page {
    let page = {
        let log = node.cluster.log();
        if read.backwards {
            log.backwards(read.from, &read.look)
        } else {
            log.forwards(read.from, &read.look)
        }
    };
    node.cluster.considered.fetch_add(page.considered as u64, Ordering::Relaxed);
    page
}

pub(super) fn answers<'a>(
    records: impl Iterator<Item = &'a Arc<Record>>,
    structured: bool,
) -> Vec<ReadResp> {
    records.map(|record| message::event(record, structured)).collect()
}

fn read_stream(
    node: &Node,
    options: &StreamOptions,
    backwards: bool,
    count: u64,
    structured: bool,
) -> Result<Answers, Status> {
    let name = message::name(options.stream_identifier.as_ref()).ok_or_else(message::thrown)?;
    let log = node.cluster.log();
    let Some(records) = log.stream(&name, u64::MAX) else {
        let stream_identifier = options.stream_identifier.clone();
        let content = ReadContent::StreamNotFound(StreamNotFound { stream_identifier });
        return Ok(stream::iter([Ok(ReadResp { content: Some(content) })]).boxed());
    };
    let from = match options.revision {
        Some(Revision::At(revision)) => revision,
        Some(Revision::End(Empty {})) => u64::MAX,
        Some(Revision::Start(Empty {})) | None => 0,
    };
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let before = records.partition_point(|record| record.revision < from);
    let read = if backwards {
        let through = records.partition_point(|record| record.revision <= from);
        answers(records.iter().take(through).rev().take(count), structured)
    } else {
        answers(records.iter().skip(before).take(count), structured)
    };
    Ok(stream::iter(read.into_iter().map(Ok)).boxed())
}

fn refusal(refused: Refused, filtered: bool) -> Status {
    let of = if filtered { "FilteredReadAllResult" } else { "ReadAllResult" };
    match refused {
        Refused::InvalidPosition => Status::unknown(format!("Unexpected {of}: InvalidPosition")),
        Refused::Beyond => Status::unknown(format!("Unexpected {of}: Error")),
        Refused::Unreadable => message::thrown(),
    }
}
