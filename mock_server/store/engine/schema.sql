-- The rows of the simulator. Instants are ms and end in _at, money is whole fen.
-- A change here raises SCHEMA_VERSION in files.py: a file of another version is refused.

create table account (
  id text primary key,
  name text not null,
  app_code text not null unique,
  app_key text not null unique,
  app_secret text not null,
  seed integer not null,
  readings text not null,        -- {id: word} of what differs from the defaults
  origin text not null,          -- what reset goes back to: credits, readings, clock
  created_at integer not null,
  base_at integer not null,      -- the clock: domain/clock.py
  real_base_at integer not null,
  rate real not null,
  frozen integer not null,
  pinned integer not null,
  jumped_ms integer not null default 0,  -- the sum of its jumps
  standing text not null,
  skew_ms integer not null,
  per_second real,               -- the throttle: domain/throttle.py; null: off
  burst integer not null,
  armed integer not null default 0,  -- how many faults it has, so that none costs no look
  watch_base integer not null default 0,    -- the notices: domain/notices.py
  watch_warned integer not null default 0,
  watch_repeat_at integer,
  watch_due_at integer,
  notify_url text,               -- where notices are posted; null: nowhere
  submits integer not null,      -- counters that seed ids and durations; reset restarts them
  answers integer not null
);
create index account_posting on account (id)
  where notify_url is not null and watch_due_at is not null;

create table package (
  id integer primary key autoincrement,
  account text not null,
  offer text not null,
  credits integer not null,
  remaining integer not null check (remaining >= 0),
  fen integer not null,
  bought_at integer not null,
  expires_at integer not null,
  notice_at integer              -- when its expiry notice is due; null: told, or too short a life
);
create index package_by_account on package (account, expires_at, bought_at, id);

create table ledger (
  account text not null,
  call_id integer not null,
  package_id integer not null,
  operation text not null,
  task_id text,
  task_number integer,           -- the same task: by its number, rows of a task are found
  fen integer not null,
  at integer not null,
  charges integer not null default 1,  -- more: the sum of a task's earlier charges
  primary key (account, call_id)
) without rowid;
create index ledger_by_task on ledger (account, task_number, call_id, charges, fen);

-- The sums of the ledger, and of all calls that the service answered, so that a bill needs no
-- counting, by its own rule of charging or by another.
create table charge_total (
  account text not null,
  day integer not null,          -- days since 1970 in the vendor's time zone
  package_id integer not null,   -- 0: no package could have paid
  operation text not null,
  refused integer not null,
  calls integer not null,
  charged integer not null,
  charged_fen integer not null,
  primary key (account, day, package_id, operation, refused)
) without rowid;

create table notice (
  id integer primary key autoincrement,
  account text not null,
  kind text not null,
  at integer not null,
  package integer not null,
  remaining integer not null,
  text text not null
);
create index notice_by_account on notice (account, id);

create table task (
  account text not null,
  id text not null,
  number integer not null,
  content text,                  -- null: its source image is still to be read
  text text,
  qr_code_url text,
  style_id text,
  your_prompt text,
  call_back text,
  base_url text not null,        -- where its pictures are served
  pictures integer not null,
  submitted_at integer not null,
  starts_at integer not null,
  ends_at integer,               -- null: it never ends
  outcome text not null,
  queries_left integer,          -- it ends with that many more queries; null: by time
  held_until integer,            -- its end, while its source image is unread
  remark text,                   -- why it fails
  primary key (account, number)
) without rowid;
-- No index by id: an id says the number of its task, and other tables refer to it by the number.
create index task_unread on task (account) where content is null;
create index task_by_end on task (account, ends_at);

-- The tasks of an account by their numbers, in blocks, so that the list of those that are kept is
-- neither counted nor walked: store/task_list.py.
create table task_block (
  account text not null,
  block integer not null,        -- number / 1000
  tasks integer not null,
  first_end integer not null,    -- no task of it ends before; one that never ends: 2^62
  last_end integer not null,     -- no task of it ends after
  primary key (account, block)
) without rowid;

-- What of an account is no longer kept, or no longer listed, if anything: domain/retention.py.
create table retention (
  account text primary key,
  before_at integer not null,    -- what was submitted or charged later is all there
  tasks integer not null,        -- how many have gone
  last_number integer not null,  -- the highest number of these
  charges integer not null,      -- how many are no longer kept one by one
  task_charges integer not null, -- what the tasks that have gone had cost
  task_fen integer not null,
  charges_upto integer not null, -- the call up to which no single charge is left
  forgotten_at integer not null default 0,  -- tasks that are kept, but had ended by then:
  forgotten integer not null default 0,     -- so many; the service lists them no more
  trimmer text not null default '',         -- which of several processes trims it,
  trimmer_until integer not null default 0  -- and the real instant until which no other may
) without rowid;

-- Short links, unique on the server: nothing but the code is in their address.
create table short_link (
  code text primary key,
  account text not null,
  task_id text not null,
  target text not null,
  expires_at integer not null
) without rowid;
create index short_link_by_account on short_link (account, expires_at);

create table callback (
  id integer primary key autoincrement,
  account text not null,
  task_id text not null,         -- '' where it tells of a notice
  task_number integer not null,  -- 0 where it tells of a notice
  notice_id integer,
  url text not null,
  copy_of integer,               -- the callback that it repeats
  by_hand integer not null,      -- 1: somebody ordered the repetition
  waits_for integer,             -- the callback whose first try comes before
  due_at integer,                -- null: its task never ends
  next_at integer,               -- its next try; null: none comes by itself
  claimed_at integer,            -- what the clock showed when the try under way began
  leased_until integer,          -- real ms; several processes: another may claim it from then on
  tries integer not null,
  acknowledged integer not null,
  fault_id integer,              -- the fault that it met
  fault text,                    -- its kind and parameters
  crossed_with text,             -- the task whose id its first try names
  forged integer not null,       -- 1: a fault added it, and its link is a decoy
  state text not null
);
create index callback_by_state on callback (state, account, next_at);
create index callback_by_task on callback (account, task_number, notice_id);
create index callback_by_account on callback (account, id);

create table attempt (
  id integer primary key autoincrement,
  callback_id integer not null,
  account text not null,
  due_at integer not null,
  at integer not null,
  request_url text,              -- as it was sent; null: nothing was sent
  request_headers text,
  request_body blob not null,    -- what was sent of it
  request_length integer not null,
  request_sha256 text,
  status integer,
  error text,
  answer_headers text not null,
  answer_body blob not null,
  duration_ms integer not null
);
create index attempt_by_callback on attempt (account, callback_id);

-- Callbacks that the simulator itself received: the last of each account.
create table inbox (
  id integer primary key autoincrement,
  account text not null,
  at integer not null,           -- what the account's clock showed
  request_headers text not null,
  request_body blob not null,    -- what is kept of it
  request_length integer not null,
  request_sha256 text
);
create index inbox_by_account on inbox (account, id);

-- Every call seen. account '' is a call that named no account we know.
create table call (
  id integer primary key autoincrement,
  account text not null,
  at integer not null,
  real_at integer not null,      -- the real time, whatever the account's clock showed
  jumped_ms integer not null default 0,  -- how far the account's clock had jumped by then, in all
  held_ms integer not null default 0,    -- how long it had been held before, in real time
  ground text not null default '',       -- the rule that decided its answer, and readings
  request_id text not null,
  operation text,
  method text not null,
  path text not null,
  status integer not null,
  error_code text,
  charge text not null,
  fen integer not null,
  task_id text,
  request_headers text not null,
  request_body blob not null,
  request_length integer not null,
  request_sha256 text,
  answer_headers text not null,
  answer_body blob not null,
  answer_length integer not null,
  answer_sha256 text,
  findings text not null default '[]',
  faults text not null default '[]',  -- [{id, kind}] of the faults that happened to it
  sent text,                     -- {what, …} went over the wire; null: the answer, whole
  size integer not null
);
create index call_by_account on call (account, id);

-- What the journal holds per account, so that bounding it needs no counting.
create table call_total (
  account text primary key,
  seen integer not null,
  kept integer not null,
  bytes integer not null
);

-- What the calls of an account have met of the contract. account '': calls that named none, and
-- worlds that were reset or deleted.
create table met (
  account text not null,
  item text not null,            -- group/name: domain/coverage.py
  call_id integer,               -- the first call that met it; null: it is gone
  primary key (account, item)
) without rowid;

-- Nonces of verified calls, kept for as long as they may not come again.
create table nonce (
  account text not null,
  credential text not null,      -- which of the account's two: code or key
  nonce text not null,
  seen_at integer not null,      -- on the clock that timestamps are compared with
  primary key (account, credential, nonce)
) without rowid;
create index nonce_by_age on nonce (account, seen_at);

create table bucket (
  account text not null,
  operation text not null,
  tokens real not null,
  at integer not null,
  primary key (account, operation)
) without rowid;

create table fault (
  id integer primary key autoincrement,
  account text not null,
  number integer not null,       -- the n-th of its account: its dice are drawn by it
  kind text not null,
  parameters text not null,      -- {name: value} of the fault
  condition text not null,       -- {name: value} of what it waits for
  starts_at integer,             -- null: from the start
  expires_at integer,            -- null: until it is disarmed
  calls_left integer,            -- null: it never wears out
  seen integer not null,         -- calls that fitted and reached its stage
  hits integer not null
);
create index fault_by_account on fault (account, id);
