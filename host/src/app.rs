//! Puts the parts together: a store, an engine, and a server on one address or two.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::api::{self, Door, Tokens};
use crate::clock::Clock;
use crate::config::Config;
use crate::deploy::{self, Current, Defaults, Naming, Registry};
use crate::egress::{Client, Resolve};
use crate::event::Org;
use crate::guest::compile::Program;
use crate::guest::{self, Engine, Library, Services};
use crate::ingest::{self, Intake, Limiter};
use crate::observe::feed::Feed;
use crate::removal::Remover;
use crate::retention::Keeper;
use crate::seal::{MasterKeys, Vault};
use crate::server::{Server, Site};
use crate::store::Store;
use crate::task::Tasks;
use crate::{dispatch, oidc, tls};

/// A running host.
pub struct App {
    /// Where webhooks are received.
    pub address: SocketAddr,
    /// Where the API is asked: on the same address unless it has one of its own.
    pub api_address: SocketAddr,
    /// Whether webhooks are received with TLS.
    pub is_tls: bool,
    /// Whether the API is asked with TLS.
    pub is_api_tls: bool,
    /// Through which projects are deployed.
    pub registry: Registry,
    /// Through which events are dispatched again.
    pub intake: Intake,
    /// What happens, as it happens.
    pub feed: Feed,
    tasks: Tasks,
    _guests: guest::Threads,
    shutdown: Duration,
    /// What waits to be served.
    waiting: Option<(Server, Vec<Site>)>,
}

/// What an [`App`] is made of.
pub struct Options {
    /// All settings.
    pub config: Config,
    /// Where everything is kept.
    pub store: Store,
    /// By which secrets are sealed.
    pub masters: MasterKeys,
    /// Whom it serves.
    pub tenancy: Tenancy,
    /// Where to listen; port 0 is any free one.
    pub listen: SocketAddr,
    /// Tells the time.
    pub clock: Clock,
    /// The program that compiles modules.
    pub compiler: Program,
    /// The directory in which they are kept compiled; none for one that is removed in the end.
    pub compiled: Option<PathBuf>,
    /// Resolves the names that handlers' requests go to.
    pub resolver: Arc<dyn Resolve>,
}

/// Whom a host serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tenancy {
    /// One org, whose owner everybody on this machine is: a directory is served.
    One(Org),
    /// As many orgs as there are, each with tokens.
    Many,
}

impl App {
    /// Takes the address, restores what was deployed and begins to run what is owed. Serves when it is told to.
    ///
    /// # Errors
    /// The address is taken, the store fails, or the machine refuses the address space for sandboxes.
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        let Options { config, store, masters, tenancy, listen, clock, compiler, compiled, resolver } = options;
        let vault = Vault::new(masters, store.keyring.clone());
        let rewrapped = vault.rewrap().await.context("opening the orgs' keys")?;
        if rewrapped > 0 {
            tracing::info!(orgs = rewrapped, master = %vault.master(), "wrapped the orgs' keys by another master key");
        }
        tls::install();
        let issuer = config.api.oidc.is_set().then(|| oidc::Issuer::new(config.api.oidc.clone(), clock.clone()));
        let issuer = issuer.transpose().map_err(anyhow::Error::msg)?;
        let (listener, address) = bind(listen).await?;
        let own = match config.http.api_listen {
            Some(api_listen) => Some(bind(api_listen).await.context("`http.api_listen`")?),
            None => None,
        };
        let quotas = config.limits();
        let (tasks, feed, deployed) = (Tasks::default(), Feed::default(), Current::default());
        let engine = Engine::new(&config.guest, config.dispatch.slots).context("making the engine for guests")?;
        let client = Client::new(config.guest.outbound.clone(), resolver).map_err(anyhow::Error::msg)?;
        let services = Services { kv: store.kv.clone(), kv_config: config.guest.kv, client: Arc::new(client) };
        let guests = guest::Threads::start(config.guest.threads).context("starting the threads for guests")?;
        let library = Library::new(
            &config.guest.modules,
            config.guest.compile.clone(),
            guest::Parts {
                engine: engine.clone(),
                blobs: store.blobs.clone(),
                folder: compiled,
                program: compiler,
                clock: clock.clone(),
            },
        );
        let library = library.context("opening the library of modules")?;
        let guest::Config { limits, ceilings, .. } = config.guest;
        let registry = Registry::new(deploy::Parts {
            catalog: store.catalog.clone(),
            library,
            deployed: deployed.clone(),
            clock: clock.clone(),
            naming: if tenancy == Tenancy::Many { Naming::Random } else { Naming::Names },
            defaults: Defaults { timeout: config.dispatch.timeout(), limits, ceilings },
            policy: config.guest.outbound.policy().map_err(anyhow::Error::msg)?,
            vault,
        });
        registry.restore().await.context("restoring what was deployed")?;
        let (now, lease_end) = (clock.now(), config.dispatch.lease_end(clock.now()));
        let lease = store.ledger.join(now, lease_end).await.context("joining the store")?;
        let dispatch = dispatch::Handle::new(
            &config.dispatch,
            dispatch::Parts {
                store: store.clone(),
                lease: lease.clone(),
                lease_end,
                registry: registry.clone(),
                quotas,
                engine,
                services,
                guests: guests.handle(),
                tasks: tasks.clone(),
                clock: clock.clone(),
                feed: feed.clone(),
            },
        );
        dispatch.resume();
        let snapshots = deployed.clone();
        let removed_at_once = config.history.budget;
        let keeper = Keeper {
            config: config.history,
            history: store.history.clone(),
            kv: store.kv.clone(),
            catalog: store.catalog.clone(),
            quotas: Box::new(move || snapshots.load().stored_bytes()),
            clock: clock.clone(),
        };
        tasks.spawn(keeper.run(tasks.clone()));
        let remover = Remover {
            purge: store.purge.clone(),
            catalog: store.catalog.clone(),
            registry: registry.clone(),
            dispatch: dispatch.clone(),
            budget: removed_at_once,
            clock: clock.clone(),
        };
        tasks.spawn(remover.run(tasks.clone()));
        let shutdown = config.http.shutdown();
        let intake = Intake::new(ingest::Parts {
            limiter: Limiter::default(),
            quotas,
            room: Arc::new(Semaphore::new(config.ingest.in_flight_bytes / 1024)),
            config: config.ingest,
            deployed,
            registry: registry.clone(),
            ledger: store.ledger.clone(),
            history: store.history.clone(),
            lease,
            dispatch: dispatch.clone(),
            tasks: tasks.clone(),
            clock: clock.clone(),
            feed: feed.clone(),
        });
        let control = Arc::new(api::Live { dispatch, intake: intake.clone() });
        let door = match tenancy {
            Tenancy::One(org) => Door::Local(org),
            Tenancy::Many => Door::Tokens(Arc::new(Tokens::new(config.api.wrong_tokens, issuer))),
        };
        let api = api::router(api::State {
            history: store.history,
            catalog: store.catalog,
            kv: store.kv,
            blobs: store.blobs,
            registry: registry.clone(),
            control,
            door,
            quotas,
            tasks: tasks.clone(),
            clock,
        });
        let webhooks = ingest::router(intake.clone()).merge(api::health::router());
        let is_own_tls = config.http.tls.api;
        let server = Server::new(config.http, tasks.clone()).await.context("reading `http.tls`")?;
        let is_tls = server.is_tls();
        let (mut api_address, mut is_api_tls) = (address, is_tls);
        let sites = match own {
            None => vec![Site { listener, router: webhooks.merge(api), is_tls: true }],
            Some((own, own_address)) => {
                (api_address, is_api_tls) = (own_address, is_tls && is_own_tls);
                let api = Site { listener: own, router: api.merge(api::health::router()), is_tls: is_own_tls };
                vec![Site { listener, router: webhooks, is_tls: true }, api]
            }
        };
        let waiting = Some((server, sites));
        Ok(Self {
            address,
            api_address,
            is_tls,
            is_api_tls,
            registry,
            intake,
            feed,
            tasks,
            _guests: guests,
            shutdown,
            waiting,
        })
    }

    /// Serves requests from now on. Until then they wait in the listener's queue.
    pub fn serve(&mut self) {
        if let Some((server, sites)) = self.waiting.take() {
            for site in sites {
                self.tasks.spawn(server.clone().serve(site));
            }
        }
    }

    /// Takes no new request, lets those under way and their sessions end, and gives up on them after a while: what is
    /// owed then is run again at the next start.
    pub async fn stop(self) {
        if tokio::time::timeout(self.shutdown, self.tasks.stopped()).await.is_err() {
            tracing::warn!("some sessions did not end in time; the next start runs them again");
        }
    }
}

async fn bind(listen: SocketAddr) -> anyhow::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(listen).await.with_context(|| format!("listening on {listen}"))?;
    let address = listener.local_addr().context("asking for the address listened on")?;
    Ok((listener, address))
}

impl Drop for App {
    fn drop(&mut self) {
        self.tasks.stop();
    }
}
