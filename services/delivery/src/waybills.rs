//! Takes waybills before hand-overs, and finds parcels by waybill. The law:
//! `libs/dossier/src/delivery/waybill.rs`.

use std::sync::Arc;

use dossier::contract::{
    Actor, DossierId, Envelope, EventSet, ParcelId, WaybillEvent, WaybillTaken, partner_name,
    waybill_number,
};
use dossier::delivery::DossierResult;
use dossier::delivery::waybill::{Handed, Holder, is_free, named_by_untaken};
use dossier::services::Category;
use engine::limits::ATTEMPTS_MAX;
use engine::{Loaded, Streams, decode, envelope};
use events::{AppendError, Expected, NewEvent, StreamName, Version};
use jiff::Timestamp;
use uuid::Uuid;
use web::Problem;

use crate::App;
use crate::parcels::handed;

/// A waybill; both fields in the form in which they are compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Waybill {
    pub(crate) carrier: String,
    pub(crate) number: String,
}

/// The latest event that took the waybill.
struct Taken {
    taken: WaybillTaken,
    at: Timestamp,
    version: Version,
}

/// The present state of a result.
async fn load(
    results: &Streams<DossierResult>,
    dossier: DossierId,
) -> Result<Arc<Loaded<DossierResult>>, Problem> {
    Ok(results.load(&Streams::<DossierResult>::of(dossier.0)).await?)
}

impl Waybill {
    pub(crate) fn new(carrier: &str, number: &str) -> Self {
        Self { carrier: partner_name(carrier), number: waybill_number(number) }
    }

    /// The parcel that the waybill identifies: that of the result that took it last, or the only
    /// one handed over with it before waybills were taken.
    pub(crate) async fn parcel(&self, app: &App) -> Result<Option<(DossierId, ParcelId)>, Problem> {
        let Some(last) = self.last(&app.results).await? else {
            let named = named_by_untaken(&self.handed_before(app).await?);
            return Ok(named.map(|handed| (handed.dossier, handed.parcel)));
        };
        let dossier = last.taken.dossier;
        let result = load(&app.results, dossier).await?;
        let parcel = result.state.parcel_named(&self.carrier, &self.number);
        Ok(parcel.map(|parcel| (dossier, parcel.handed.parcel)))
    }

    /// The parcels that were handed over with this waybill, including those from before waybills
    /// were taken. Unavailable until the view has reached the head at the start of this process,
    /// because a missing parcel would count as none.
    async fn handed_before(&self, app: &App) -> Result<Vec<Handed>, Problem> {
        if !app.parcels_known.reach(app.began_at).await {
            return Err(Problem::unavailable("the parcels of old logs are not known yet"));
        }
        Ok(handed(&app.parcels, self).await?)
    }

    /// Whether parcels from before waybills were taken leave the waybill free, if it was never
    /// taken since.
    async fn is_free_of_old(
        &self,
        app: &App,
        dossier: DossierId,
        now: Timestamp,
    ) -> Result<bool, Problem> {
        for Handed { dossier: of, at, .. } in self.handed_before(app).await? {
            let (carrier, waybill) = (self.carrier.clone(), self.number.clone());
            let taken = WaybillTaken { carrier, waybill, dossier: of };
            let holding = load(&app.results, of).await?;
            let holder = Holder { taken: &taken, at, result: &holding.state };
            if !is_free(Some(holder), dossier, now) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Takes the waybill for a hand-over of the result of `dossier`; returns the time, or `None` if
    /// it is in use.
    pub(crate) async fn take(
        &self,
        app: &App,
        dossier: DossierId,
        command: Uuid,
    ) -> Result<Option<Timestamp>, Problem> {
        let results = &app.results;
        let engine = results.engine();
        let stream = self.stream();
        for attempt in 0..ATTEMPTS_MAX {
            // Most waybills are new: assume an empty stream first; the append detects if it is not.
            let last = if attempt == 0 { None } else { self.last(results).await? };
            let now = engine.time_after(last.as_ref().map(|last| last.at))?;
            let free = if let Some(Taken { taken, at, .. }) = &last {
                let holding = load(results, taken.dossier).await?;
                is_free(Some(Holder { taken, at: *at, result: &holding.state }), dossier, now)
            } else {
                self.is_free_of_old(app, dossier, now).await?
            };
            if !free {
                return Ok(None);
            }
            let expected = Expected::from(last.map(|last| last.version));
            let event = self.event(&stream, dossier, command, now);
            match engine.store.append(&stream, expected, vec![event]).await {
                Ok(_) => return Ok(Some(now)),
                // Another writer was faster, or it is unknown whether this was written: read again.
                Err(AppendError::Conflict { .. } | AppendError::IdReused(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Problem::contended())
    }

    fn event(
        &self,
        stream: &StreamName,
        dossier: DossierId,
        command: Uuid,
        at: Timestamp,
    ) -> NewEvent {
        let command = Uuid::new_v5(&command, format!("{stream}/{at}").as_bytes());
        let envelope = Envelope {
            at,
            actor: Actor::system(crate::NAME),
            command,
            digest: String::new(),
            cause: None,
            dossier: Some(dossier),
            trace: None,
        };
        let (carrier, waybill) = (self.carrier.clone(), self.number.clone());
        let taken = WaybillEvent::from(WaybillTaken { carrier, waybill, dossier });
        NewEvent {
            id: NewEvent::id_of(stream, command, 0),
            kind: taken.kind().into(),
            data: taken.encode(),
            meta: envelope.encode(),
        }
    }

    async fn last(&self, results: &Streams<DossierResult>) -> Result<Option<Taken>, Problem> {
        let Some(last) = results.engine().store.last(&self.stream()).await? else {
            return Ok(None);
        };
        let WaybillEvent::WaybillTaken(taken) = decode(&last)?;
        let at = envelope(&last)?.at;
        Ok(Some(Taken { taken, at, version: last.version }))
    }

    /// Named by a digest, since a carrier's numbers may contain any characters.
    fn stream(&self) -> StreamName {
        let name = format!("{}\n{}", self.carrier, self.number);
        let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes());
        StreamName::of(Category::Waybill.as_str(), id)
    }
}
