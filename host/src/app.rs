//! Puts the parts together: a store, an engine, and a server on one address.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use tokio::net::TcpListener;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::Semaphore;

use crate::clock::Clock;
use crate::config::Config;
use crate::deploy::{Current, Defaults, Registry};
use crate::egress::{Client, Resolve};
use crate::event::Org;
use crate::guest::compile::Program;
use crate::guest::{self, Engine, Library, Services};
use crate::ingest::{self, Intake};
use crate::observe::feed::Feed;
use crate::retention::Keeper;
use crate::store::Store;
use crate::task::Tasks;
use crate::{api, dispatch, server};

/// A running host.
pub struct App {
    /// Where it listens.
    pub address: SocketAddr,
    /// Through which projects are deployed.
    pub registry: Registry,
    /// Through which events are dispatched again.
    pub intake: Intake,
    /// What happens, as it happens.
    pub feed: Feed,
    tasks: Tasks,
    _guests: Guests,
    shutdown: Duration,
    /// What waits to be served.
    server: Option<Server>,
}

struct Server {
    listener: TcpListener,
    router: Router,
    config: server::Config,
}

/// What an [`App`] is made of.
pub struct Options {
    /// All settings.
    pub config: Config,
    /// Where everything is kept.
    pub store: Store,
    /// The one tenant.
    pub org: Org,
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

impl App {
    /// Takes the address, restores what was deployed and begins to run what is owed. Serves when it is told to.
    ///
    /// # Errors
    /// The address is taken, the store fails, or the machine refuses the address space for sandboxes.
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        let Options { config, store, org, listen, clock, compiler, compiled, resolver } = options;
        let listener = TcpListener::bind(listen).await.with_context(|| format!("listening on {listen}"))?;
        let address = listener.local_addr().context("asking for the address listened on")?;
        let (tasks, feed, deployed) = (Tasks::default(), Feed::default(), Current::default());
        let engine = Engine::new(&config.guest, config.dispatch.slots).context("making the engine for guests")?;
        let client = Client::new(config.guest.outbound.clone(), resolver).map_err(anyhow::Error::msg)?;
        let services = Services { kv: store.kv.clone(), kv_config: config.guest.kv, client: Arc::new(client) };
        let guests = Guests::start(config.guest.threads)?;
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
        let defaults = Defaults { timeout: config.dispatch.timeout(), limits, ceilings };
        let registry = Registry::new(store.catalog.clone(), library, deployed.clone(), clock.clone(), defaults);
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
                engine,
                services,
                guests: guests.handle(),
                tasks: tasks.clone(),
                clock: clock.clone(),
                feed: feed.clone(),
            },
        );
        dispatch.resume();
        let keeper = Keeper {
            config: config.history,
            history: store.history.clone(),
            kv: store.kv.clone(),
            clock: clock.clone(),
        };
        tasks.spawn(keeper.run(tasks.clone()));
        let shutdown = config.http.shutdown();
        let intake = Intake::new(ingest::Parts {
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
        let api = api::router(api::State { history: store.history, control, org, clock });
        let router = Router::new().merge(ingest::router(intake.clone())).merge(api.merge(api::health::router()));
        let server = Server { listener, router, config: config.http };
        Ok(Self { address, registry, intake, feed, tasks, _guests: guests, shutdown, server: Some(server) })
    }

    /// Serves requests from now on. Until then they wait in the listener's queue.
    pub fn serve(&mut self) {
        if let Some(Server { listener, router, config }) = self.server.take() {
            self.tasks.spawn(server::serve(listener, router, config, self.tasks.clone()));
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

impl Drop for App {
    fn drop(&mut self) {
        self.tasks.stop();
    }
}

/// The threads that guests run on, apart from those that serve requests: a busy guest delays other guests for a tick, and
/// no sender at all. Dropping it does not wait for them, since an asynchronous task may not.
struct Guests(Option<Runtime>);

impl Guests {
    fn start(threads: usize) -> anyhow::Result<Self> {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        if threads > 0 {
            builder.worker_threads(threads);
        }
        let runtime = builder.thread_name("guest").enable_all().build().context("starting the threads for guests")?;
        Ok(Self(Some(runtime)))
    }

    fn handle(&self) -> Handle {
        self.0.as_ref().expect("the runtime is taken when this is dropped").handle().clone()
    }
}

impl Drop for Guests {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
