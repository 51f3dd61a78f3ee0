//! Reads of the streams of a few categories.

use std::sync::Arc;

use super::{event, stream};
use crate::{EventStore, Expected, Filter, NewEvent, Position};

/// Rule 16.
pub async fn small_categories_are_read_in_commit_order(store: Arc<EventStore>) {
    const CATEGORIES: &[&str] = &["law", "directory"];
    let filter = Filter { kinds: vec!["law.".into(), "directory.".into()] };
    for id in 1..=30_u128 {
        let (category, kind) = [("law", "law.A"), ("lawyers", "b.B"), ("directory", "directory.C")]
            [usize::try_from(id % 3).unwrap()];
        let new = NewEvent { kind: kind.into(), ..event(id) };
        store
            .append(&stream(&format!("{category}-{id}")), Expected::NoStream, vec![new])
            .await
            .unwrap();
    }
    let all = store.read_all(Position::START, &filter, 100).await.unwrap().events;
    let mut after = Position::START;
    for rest in 0..=all.len() {
        let head = store.head();
        let page = store.read_categories(CATEGORIES, after, &filter).await.unwrap();
        assert_eq!(page.events, all[rest..], "after {after:?}");
        assert!(page.through >= head, "it ends at {:?}, before {head:?}", page.through);
        after = all.get(rest).map_or(page.through, |event| event.position);
    }
}
