//! What a session may use beside the event, its log and its vars. What it was not granted does not exist for it.

use std::sync::Arc;

use super::imports::{kv, outbound, reply};
use crate::egress::{Client, Granted, Secrets};
use crate::event::Org;
use crate::store::{Kv, Space};
use crate::trigger;

/// What one session was granted: nothing, unless its manifest says so.
#[derive(Clone, Default)]
pub struct Grants {
    /// The project's entries.
    pub kv: Option<kv::Drawer>,
    /// Requests to others.
    pub outbound: Option<outbound::Grant>,
    /// A sender that waits.
    pub reply: Option<reply::Waiting>,
}

impl std::fmt::Debug for Grants {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let outbound = self.outbound.as_ref().map(|grant| &grant.granted);
        f.debug_struct("Grants")
            .field("kv", &self.kv.is_some())
            .field("outbound", &outbound)
            .field("reply", &self.reply.is_some())
            .finish()
    }
}

/// Whose session it is that is granted something.
#[derive(Clone, Copy, Debug)]
pub struct Tenant<'t> {
    /// The org.
    pub org: &'t Org,
    /// The project's name.
    pub project: &'t str,
    /// What the project's requests carry and its handlers do not see.
    pub secrets: &'t Arc<Secrets>,
    /// What handlers of all of the org's projects may keep together, in bytes.
    pub kv_bytes: u64,
}

/// The parts of the host that sessions may be granted. Clones share them.
#[derive(Clone)]
pub struct Services {
    /// What handlers keep.
    pub kv: Arc<dyn Kv>,
    /// How much of it.
    pub kv_config: kv::Config,
    /// What sends handlers' requests.
    pub client: Arc<Client>,
}

impl Services {
    /// What a session of a trigger that was granted this may use.
    pub fn grant(&self, tenant: Tenant<'_>, granted: &trigger::Grants) -> Grants {
        let Tenant { org, project, secrets, kv_bytes } = tenant;
        let drawer = || {
            let space = Space { org: org.clone(), project: project.into() };
            kv::Drawer { store: self.kv.clone(), space, config: self.kv_config, bytes_of_org: kv_bytes }
        };
        // Without a rule every request is refused, and the session says which one it lacks.
        let granted_requests = Granted { rules: granted.outbound.clone(), secrets: secrets.clone() };
        let outbound = outbound::Grant { client: self.client.clone(), granted: granted_requests };
        Grants { kv: granted.kv.then(drawer), outbound: Some(outbound), reply: None }
    }
}
