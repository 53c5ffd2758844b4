//! One org has a million sessions that wait, and another must not notice.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};
use tokio::net::TcpStream;

use super::load::{exchange, wait};
use super::scene::Scene;
use super::sent::{MANIFEST, Webhook};
use super::server::Server;
use super::shim::report;

/// So many sessions of the neighbour's are owed when the program starts.
const OWED: i64 = 1_000_000;

/// So many webhooks are sent, one after the other.
const SENT: usize = 300;

/// Their deployment: one like this project's, on an endpoint of its own.
const DEPLOY: &str = "INSERT INTO deployments (org, id, project, created, manifest, modules)
    SELECT 'neighbour', 'dep_01kb0000000000000000000000', project, created, ?1, modules FROM deployments LIMIT 1";

/// What they have: ten sessions for each event, left by the program's first start.
const OWE: &str = "
    WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?1 / 10)
    INSERT INTO events (org, id, endpoint, received, method, url, headers, trailers, verdicts, keep, kept, bytes, body)
    SELECT 'neighbour', 'evt_01kb' || printf('%022d', n), 'theirs', 1764000000000000, 'POST', '/webhooks/theirs', '[]', '[]',
           '[]', 'full', 'full', 1048, CAST('{\"n\": 2}' AS BLOB)
    FROM numbers;
    WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?1)
    INSERT INTO deliveries (org, session, event, method, trigger, deployment, created, attempt, first_attempt, due, keep,
                            interruptions, attempts, owner)
    SELECT 'neighbour', 'ses_01kb' || printf('%022d', n), 'evt_01kb' || printf('%022d', (n + 9) / 10), 'POST', 'every',
           'dep_01kb0000000000000000000000', 1764000000000000, 1, 1, 1764000000000000, 'full', 0, '[]', 'node-1'
    FROM numbers;
    INSERT INTO usage (org, events, bytes) VALUES ('neighbour', ?1 / 10, ?1 / 10 * 1048);";

/// So many of the neighbour's may end between a webhook and the end of its session: those that run at once, and those that wait with
/// it to be settled. In one queue for all it would be as many as the program has in memory, some twenty thousand.
const BETWEEN: usize = 2_000;

/// What it took of nearly all webhooks.
struct Times {
    /// Until the answer.
    answered: Duration,
    /// From their receipt until their sessions had ended.
    ended: Duration,
    /// How many of the neighbour's sessions ended meanwhile.
    between: usize,
}

/// An org's webhooks are answered and handled as if it were alone, while a million of another's sessions are taken over, run
/// and settled.
#[test]
fn a_million_of_a_neighbours() {
    let scene = Scene::new();
    let server = scene.serve();
    let alone = measure(&scene, &server);
    assert!(server.stop().success());
    owe(&scene.data.join("tenterhook.db"));

    let server = scene.serve();
    let ran = || OWED - count(&scene.data, "SELECT count(*) FROM deliveries WHERE org = 'neighbour'");
    wait("the neighbour's sessions to run", || ran() > 0);
    let beside = measure(&scene, &server);
    let ran = ran();
    server.kill();
    assert!(ran < OWED / 2, "{ran} of the neighbour's have run: too few waited");
    assert!(beside.between < BETWEEN, "{} of the neighbour's sessions came before one of this org's", beside.between);
    let what = format!(
        "p99 of {SENT} answers {:.0?}, alone {:.0?}; of their sessions {:.0?}, alone {:.0?}; {} of the neighbour's in between; {ran} \
         of them ran",
        beside.answered, alone.answered, beside.ended, alone.ended, beside.between
    );
    report("a_million_of_a_neighbours", &what);
}

/// Sends webhooks to the project's own endpoint, and waits for their sessions.
fn measure(scene: &Scene, server: &Server) -> Times {
    let before = count(&scene.data, "SELECT count(*) FROM sessions WHERE org = 'default'");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let answered = runtime.block_on(async {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let mut times = Vec::new();
        for webhook in (1..).map(Webhook).filter(|webhook| !webhook.traps() && !webhook.traps_once()).take(SENT) {
            let begin = Instant::now();
            let answer = exchange(&mut stream, webhook, "").await.unwrap().expect("the server lives");
            assert_eq!(answer.status, 202);
            times.push(begin.elapsed());
        }
        times
    });
    wait("this org's sessions to end", || {
        count(&scene.data, "SELECT count(*) FROM deliveries WHERE org = 'default'") == 0
    });
    let conn = open(&scene.data);
    let neighbours: Vec<u64> = rows(&conn, NEIGHBOURS, 0, |row| row.get(0));
    let sessions: Vec<(u64, u64)> = rows(&conn, OURS, before, |row| Ok((row.get(0)?, row.get(1)?)));
    assert!(sessions.len() >= SENT, "{} sessions", sessions.len());
    let until = |time: u64| neighbours.partition_point(|ended| *ended <= time);
    Times {
        answered: p99(answered),
        ended: p99(sessions.iter().map(|(began, ended)| Duration::from_micros(ended - began)).collect()),
        between: p99(sessions.iter().map(|(began, ended)| until(*ended) - until(*began)).collect()),
    }
}

/// When the neighbour's sessions ended.
const NEIGHBOURS: &str = "SELECT ended FROM sessions WHERE org = 'neighbour' AND ended > ?1 ORDER BY ended";

/// When this org's began to be owed and ended, without the first few.
const OURS: &str = "SELECT created, ended FROM sessions WHERE org = 'default' ORDER BY id LIMIT -1 OFFSET ?1";

fn rows<T>(
    conn: &Connection,
    query: &str,
    param: i64,
    row: impl Fn(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
) -> Vec<T> {
    let mut query = conn.prepare(query).unwrap();
    query.query_map([param], row).unwrap().collect::<Result<Vec<T>, _>>().unwrap()
}

fn p99<T: Ord + Copy>(mut all: Vec<T>) -> T {
    all.sort_unstable();
    all[all.len() * 99 / 100]
}

/// Writes what the neighbour has. The program does not run: nothing of this needs to survive anything.
fn owe(database: &Path) {
    let conn = Connection::open(database).unwrap();
    conn.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -200000").unwrap();
    let manifest =
        MANIFEST.replace("endpoint: in", "endpoint: theirs").replace("in: {dedup: auto}", "theirs: {dedup: auto}");
    conn.execute(DEPLOY, [manifest]).unwrap();
    for statement in OWE.split_terminator(';') {
        conn.execute(statement, [OWED]).unwrap();
    }
}

fn count(data: &Path, query: &str) -> i64 {
    open(data).query_row(query, [], |row| row.get(0)).unwrap()
}

fn open(data: &Path) -> Connection {
    let conn = Connection::open_with_flags(data.join("tenterhook.db"), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    conn.busy_timeout(Duration::from_secs(10)).unwrap();
    conn
}
