//! The functions that a filter may call, as declarations: what the static check and the documentation know of them.

use std::str::FromStr;
use std::sync::LazyLock;

/// A type as far as it is known before an event is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Dyn,
    Bool,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    List,
    Map,
    Null,
    Kind,
    Duration,
    Timestamp,
}

impl Type {
    const ALL: [Self; 13] = [
        Self::Dyn,
        Self::Bool,
        Self::Int,
        Self::Uint,
        Self::Double,
        Self::String,
        Self::Bytes,
        Self::List,
        Self::Map,
        Self::Null,
        Self::Kind,
        Self::Duration,
        Self::Timestamp,
    ];

    /// As CEL writes it.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Dyn => "dyn",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Uint => "uint",
            Self::Double => "double",
            Self::String => "string",
            Self::Bytes => "bytes",
            Self::List => "list",
            Self::Map => "map",
            Self::Null => "null_type",
            Self::Kind => "type",
            Self::Duration => "google.protobuf.Duration",
            Self::Timestamp => "google.protobuf.Timestamp",
        }
    }

    /// In a sentence: `a string`, `an int`.
    pub(super) fn with_article(self) -> String {
        let name = match self {
            Self::Null => return "null".to_owned(),
            Self::Dyn => "value",
            other => other.as_str(),
        };
        let article = if name == "int" { "an" } else { "a" };
        format!("{article} {name}")
    }

    /// The type that an identifier names: `int` in `type(x) == int`.
    pub(super) fn named(name: &str) -> bool {
        name != Self::Dyn.as_str() && name.parse::<Self>().is_ok()
    }

    /// Whether a value of this type may be one of `other`.
    pub(super) fn may_be(self, other: Self) -> bool {
        self == other || self == Self::Dyn || other == Self::Dyn
    }

    /// Whether it is a number, which compares with every other.
    pub(super) const fn is_number(self) -> bool {
        matches!(self, Self::Int | Self::Uint | Self::Double)
    }
}

impl FromStr for Type {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|known| known.as_str() == name).ok_or(())
    }
}

/// One way to call a function.
#[derive(Clone, Debug)]
pub(super) struct Overload {
    /// `startsWith`; with its namespace for `math.abs`.
    pub(super) name: &'static str,
    /// What stands before the dot in `x.startsWith(y)`.
    pub(super) receiver: Option<Type>,
    pub(super) parameters: Vec<Type>,
    pub(super) result: Type,
}

/// Every overload: the standard library, then the extensions. Overloads of one type parameter each are written out,
/// so that a line is a signature.
const DECLARATIONS: &str = "
    bool(bool) bool
    bool(string) bool
    bytes(bytes) bytes
    bytes(string) bytes
    double(double) double
    double(int) double
    double(uint) double
    double(string) double
    duration(string) google.protobuf.Duration
    duration(google.protobuf.Duration) google.protobuf.Duration
    dyn(dyn) dyn
    int(int) int
    int(uint) int
    int(double) int
    int(string) int
    int(google.protobuf.Timestamp) int
    size(string) int
    size(bytes) int
    size(list) int
    size(map) int
    string(string) string
    string(bool) string
    string(int) string
    string(uint) string
    string(double) string
    string(bytes) string
    string(google.protobuf.Timestamp) string
    string(google.protobuf.Duration) string
    timestamp(string) google.protobuf.Timestamp
    timestamp(google.protobuf.Timestamp) google.protobuf.Timestamp
    timestamp(int) google.protobuf.Timestamp
    type(dyn) type
    uint(uint) uint
    uint(int) uint
    uint(double) uint
    uint(string) uint
    matches(string, string) bool
    string.matches(string) bool
    string.size() int
    bytes.size() int
    list.size() int
    map.size() int
    string.contains(string) bool
    string.endsWith(string) bool
    string.startsWith(string) bool
    google.protobuf.Duration.getHours() int
    google.protobuf.Duration.getMinutes() int
    google.protobuf.Duration.getSeconds() int
    google.protobuf.Duration.getMilliseconds() int
    google.protobuf.Timestamp.getFullYear() int
    google.protobuf.Timestamp.getFullYear(string) int
    google.protobuf.Timestamp.getMonth() int
    google.protobuf.Timestamp.getMonth(string) int
    google.protobuf.Timestamp.getDayOfYear() int
    google.protobuf.Timestamp.getDayOfYear(string) int
    google.protobuf.Timestamp.getDayOfMonth() int
    google.protobuf.Timestamp.getDayOfMonth(string) int
    google.protobuf.Timestamp.getDate() int
    google.protobuf.Timestamp.getDate(string) int
    google.protobuf.Timestamp.getDayOfWeek() int
    google.protobuf.Timestamp.getDayOfWeek(string) int
    google.protobuf.Timestamp.getHours() int
    google.protobuf.Timestamp.getHours(string) int
    google.protobuf.Timestamp.getMinutes() int
    google.protobuf.Timestamp.getMinutes(string) int
    google.protobuf.Timestamp.getSeconds() int
    google.protobuf.Timestamp.getSeconds(string) int
    google.protobuf.Timestamp.getMilliseconds() int
    google.protobuf.Timestamp.getMilliseconds(string) int

    string.charAt(int) string
    string.indexOf(string) int
    string.indexOf(string, int) int
    string.lastIndexOf(string) int
    string.lastIndexOf(string, int) int
    list.join() string
    list.join(string) string
    string.lowerAscii() string
    string.upperAscii() string
    string.trim() string
    string.replace(string, string) string
    string.replace(string, string, int) string
    string.split(string) list
    string.split(string, int) list
    string.substring(int) string
    string.substring(int, int) string
    string.format(list) string
    string.reverse() string
    strings.quote(string) string

    base64.encode(bytes) string
    base64.decode(string) bytes

    list.slice(int, int) list
    list.flatten() list
    list.flatten(int) list
    list.distinct() list
    list.reverse() list
    list.sort() list
    list.@sortByAssociatedKeys(list) list
    lists.range(int) list

    math.@max(dyn) dyn
    math.@max(dyn, dyn) dyn
    math.@min(dyn) dyn
    math.@min(dyn, dyn) dyn
    math.ceil(double) double
    math.floor(double) double
    math.round(double) double
    math.trunc(double) double
    math.isInf(double) bool
    math.isNaN(double) bool
    math.isFinite(double) bool
    math.abs(double) double
    math.abs(int) int
    math.abs(uint) uint
    math.sign(double) double
    math.sign(int) int
    math.sign(uint) uint
    math.bitAnd(int, int) int
    math.bitAnd(uint, uint) uint
    math.bitOr(int, int) int
    math.bitOr(uint, uint) uint
    math.bitXor(int, int) int
    math.bitXor(uint, uint) uint
    math.bitNot(int) int
    math.bitNot(uint) uint
    math.bitShiftLeft(int, int) int
    math.bitShiftLeft(uint, int) uint
    math.bitShiftRight(int, int) int
    math.bitShiftRight(uint, int) uint
    math.sqrt(double) double
    math.sqrt(int) double
    math.sqrt(uint) double

    sets.contains(list, list) bool
    sets.equivalent(list, list) bool
    sets.intersects(list, list) bool
";

/// Macros and how they are called. One that reaches the check was called otherwise, since the parser expands the rest.
pub(super) const MACROS: [(&str, &str); 11] = [
    ("has", "has(value.field)"),
    ("all", "list.all(name, condition)"),
    ("exists", "list.exists(name, condition)"),
    ("exists_one", "list.exists_one(name, condition)"),
    ("existsOne", "list.existsOne(name, condition)"),
    ("map", "list.map(name, expression)"),
    ("filter", "list.filter(name, condition)"),
    ("sortBy", "list.sortBy(name, key)"),
    ("cel.bind", "cel.bind(name, value, expression)"),
    ("math.greatest", "math.greatest(number, …)"),
    ("math.least", "math.least(number, …)"),
];

/// What functions are called elsewhere, and here.
pub(super) const ELSEWHERE: [(&str, &str); 14] = [
    ("hasPrefix", "startsWith"),
    ("hasSuffix", "endsWith"),
    ("includes", "contains"),
    ("len", "size"),
    ("length", "size"),
    ("lower", "lowerAscii"),
    ("match", "matches"),
    ("strip", "trim"),
    ("substr", "substring"),
    ("toLower", "lowerAscii"),
    ("toLowerCase", "lowerAscii"),
    ("toUpper", "upperAscii"),
    ("toUpperCase", "upperAscii"),
    ("upper", "upperAscii"),
];

/// The first parts of qualified names of functions.
pub(super) const NAMESPACES: [&str; 6] = ["base64", "cel", "lists", "math", "sets", "strings"];

/// Every declaration.
pub(super) fn all() -> &'static [Overload] {
    static ALL: LazyLock<Vec<Overload>> = LazyLock::new(|| {
        let lines = DECLARATIONS.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.map(|line| declaration(line).expect("the table above is well formed, as a test holds")).collect()
    });
    &ALL
}

/// `string.split(string, int) list`.
fn declaration(line: &'static str) -> Option<Overload> {
    let (path, rest) = line.split_once('(')?;
    let (parameters, result) = rest.split_once(") ")?;
    let parameters = parameters.split(", ").filter(|name| !name.is_empty()).map(str::parse).collect::<Result<_, ()>>();
    let (name, receiver) = match path.rsplit_once('.') {
        Some((owner, name)) => match owner.parse() {
            Ok(receiver) => (name, Some(receiver)),
            Err(()) => (path, None),
        },
        None => (path, None),
    };
    Some(Overload { name, receiver, parameters: parameters.ok()?, result: result.parse().ok()? })
}
