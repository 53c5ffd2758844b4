//! Makes a new event of one that is kept: the same payload, the triggers of today.

use std::sync::Arc;

use super::accept::{self, Accepted};
use super::select::{self, Selected};
use super::{Intake, Parts, Rejection, body, receive};
use crate::deploy::{ApplyError, Deployment, Endpoint, Serving};
use crate::event::{DeploymentId, Event, EventId, Keep, Org, SessionId, Verdict, VerdictKind};
use crate::store::{self, EventRecord};
use crate::trigger::{Asked, Trigger};

/// Which triggers are asked.
#[derive(Clone, Debug, Default)]
pub struct Redispatch {
    /// Those of this deployment; none for the one that is serving.
    pub deployment: Option<DeploymentId>,
    /// This one alone; none for all that listen on the event's endpoint.
    pub trigger: Option<String>,
    /// Whether [`Redispatch::trigger`] handles the event whatever its event type and filter say.
    pub force: bool,
}

/// The new event.
#[derive(Clone, Debug, PartialEq)]
pub struct Redispatched {
    /// Its id.
    pub event: EventId,
    /// Why each trigger that was asked did or did not match. The event is there even when none did.
    pub verdicts: Vec<Verdict>,
    /// Its sessions: one for each trigger that matched, in the same order.
    pub sessions: Vec<SessionId>,
}

/// Why there is no new event.
#[derive(Debug, thiserror::Error)]
pub enum RedispatchError {
    /// Only the metadata of the event is kept.
    #[error("the payload of the event {0} is not kept")]
    NotKept(EventId),
    /// The org has no deployment that serves.
    #[error("nothing is deployed")]
    NothingDeployed,
    /// The org has no such deployment.
    #[error("there is no deployment {0}")]
    UnknownDeployment(DeploymentId),
    /// The deployment does not load any more.
    #[error("the deployment {id} cannot run: {reason}")]
    BrokenDeployment {
        /// Which.
        id: DeploymentId,
        /// What is wrong with it.
        reason: String,
    },
    /// No trigger of the deployment listens on the event's endpoint.
    #[error("no trigger of the deployment {deployment} listens on the endpoint `{endpoint}`")]
    NoListener {
        /// The event's.
        endpoint: Arc<str>,
        /// Which was asked.
        deployment: DeploymentId,
    },
    /// The trigger that was named does not listen there.
    #[error(
        "no trigger `{trigger}` of the deployment {deployment} listens on the endpoint `{endpoint}`; there are {listeners}"
    )]
    UnknownTrigger {
        /// The name.
        trigger: String,
        /// The event's.
        endpoint: Arc<str>,
        /// Which was asked.
        deployment: DeploymentId,
        /// The names of those that do.
        listeners: String,
    },
    /// [`Redispatch::force`] without a trigger.
    #[error("only a trigger that is named can be forced")]
    NothingToForce,
    /// It could not be accepted now, as an event that is received could not: nothing of it is kept.
    #[error(transparent)]
    Rejected(#[from] Rejection),
}

impl Intake {
    /// Makes a new event with the payload of `record`, an event of `org`, and runs what it matches. It has no key, so it is never a duplicate;
    /// nobody waits for it, so synchronous triggers answer nobody; and it is kept whatever their `history` says, at the least as metadata.
    ///
    /// # Errors
    /// See [`RedispatchError`].
    pub async fn redispatch(
        &self,
        org: &Org,
        record: &EventRecord,
        options: &Redispatch,
    ) -> Result<Redispatched, RedispatchError> {
        let Self(intake) = self;
        if record.kept < Keep::Full {
            return Err(RedispatchError::NotKept(record.event.id));
        }
        let endpoint = endpoint(intake, org, &record.event, options.deployment).await?;
        let room = body::room(intake, record.event.data.bytes().map_or(0, |body| body.len()))?;
        let event = copy(intake, org, &record.event);
        let selected = choose(&event, &endpoint, options)?;
        let redispatched = Redispatched {
            event: event.id,
            verdicts: selected.new.verdicts.clone(),
            sessions: selected.new.deliveries.iter().map(|delivery| delivery.session).collect(),
        };
        let notice = receive::notice(&selected);
        // Without a key it is no duplicate of any.
        let (Accepted::New { .. } | Accepted::Duplicate(_)) =
            accept::accept(intake, &endpoint, selected, Arc::new(room)).await?;
        intake.feed.publish(|| receive::answered(notice, http::StatusCode::ACCEPTED, intake.clock.now()));
        Ok(redispatched)
    }
}

async fn endpoint(
    intake: &Parts,
    org: &Org,
    event: &Event,
    deployment: Option<DeploymentId>,
) -> Result<Arc<Endpoint>, RedispatchError> {
    let snapshot = intake.deployed.load();
    let named = snapshot.named(org, &event.endpoint);
    let serves = |serving: &Arc<Serving>| serving.active.clone();
    let deployment: Arc<Deployment> = match deployment {
        None => {
            let serving = match named {
                Some((serving, _)) => serves(serving),
                None => snapshot.projects(org).find_map(serves),
            };
            serving.ok_or(RedispatchError::NothingDeployed)?
        }
        Some(id) => intake.registry.deployment(org, id).await.map_err(|error| match error {
            ApplyError::Store(store::Error::Conflict(_)) => RedispatchError::UnknownDeployment(id),
            ApplyError::Store(error) => Rejection::from(error).into(),
            error => RedispatchError::BrokenDeployment { id, reason: error.to_string() },
        })?,
    };
    let id = deployment.id;
    // A slug that no project has is one of before slugs were kept: it was the endpoint's name.
    let name = named.map_or(&event.endpoint, |(_, name)| name);
    let listening = Endpoint::of(deployment, &event.endpoint, name);
    let missing = || RedispatchError::NoListener { endpoint: event.endpoint.clone(), deployment: id };
    listening.map(Arc::new).ok_or_else(missing)
}

fn copy(intake: &Parts, org: &Org, first: &Event) -> Arc<Event> {
    let now = intake.clock.now();
    Arc::new(Event {
        id: EventId::new(now),
        org: org.clone(),
        endpoint: first.endpoint.clone(),
        received_at: now,
        kind: first.kind.clone(),
        data: first.data.clone(),
        redispatched_from: Some(first.id),
    })
}

fn choose(event: &Arc<Event>, endpoint: &Endpoint, options: &Redispatch) -> Result<Selected, RedispatchError> {
    let asked = Asked::new(event);
    let mut selected = match (&options.trigger, options.force) {
        (None, false) => select::ask(event, endpoint, endpoint.triggers(), &asked),
        (None, true) => return Err(RedispatchError::NothingToForce),
        (Some(name), false) => {
            let trigger = named(event, endpoint, name)?;
            select::ask(event, endpoint, std::iter::once(trigger), &asked)
        }
        (Some(name), true) => forced(event, endpoint, named(event, endpoint, name)?, &asked),
    };
    selected.new.keep = selected.new.keep.max(Keep::Metadata);
    selected.awaited = None;
    Ok(selected)
}

fn named<'e>(event: &Event, endpoint: &'e Endpoint, name: &str) -> Result<&'e Trigger, RedispatchError> {
    let unknown = || {
        let listeners: Vec<_> = endpoint.triggers().map(|trigger| format!("`{}`", trigger.name)).collect();
        RedispatchError::UnknownTrigger {
            trigger: name.to_owned(),
            endpoint: event.endpoint.clone(),
            deployment: endpoint.deployment.id,
            listeners: listeners.join(", "),
        }
    };
    endpoint.triggers().find(|trigger| &*trigger.name == name).ok_or_else(unknown)
}

/// The trigger takes the event, and its verdict says what it would have said.
fn forced(event: &Arc<Event>, endpoint: &Endpoint, trigger: &Trigger, asked: &Asked<'_>) -> Selected {
    let said = asked.verdict(trigger);
    let mut verdict = Verdict { kind: VerdictKind::Matched, ..said.clone() };
    let delivery = select::delivery(event, endpoint, trigger, &mut verdict, asked);
    if said.kind != VerdictKind::Matched {
        let detail = said.detail.as_deref().map(|detail| format!(": {detail}")).unwrap_or_default();
        verdict.detail = Some(format!("forced: {}{detail}", said.kind));
    }
    let new = store::NewEvent {
        event: event.clone(),
        key: None,
        keep: trigger.history,
        verdicts: vec![verdict],
        deliveries: vec![delivery],
    };
    Selected { new, awaited: None, note: None }
}
