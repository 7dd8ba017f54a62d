-- SPDX-License-Identifier: Apache-2.0
-- A database as the collector left it that wrote layout 1: an environment with one invocation, its init
-- phase and a rejected batch (tests/support/wire_batch.h). Never to be changed: it must stay readable.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE functions (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, version TEXT NOT NULL,
  UNIQUE (name, version)) STRICT;
INSERT INTO functions VALUES(1,'orders','7');
CREATE TABLE environments (
  id INTEGER PRIMARY KEY, uuid BLOB NOT NULL UNIQUE, function INTEGER NOT NULL,
  region TEXT NOT NULL, handler TEXT NOT NULL, memory_mb INTEGER NOT NULL,
  architecture TEXT NOT NULL, runtime TEXT NOT NULL, initialization_type TEXT NOT NULL,
  extension_version TEXT NOT NULL, sample_hz INTEGER NOT NULL, rungs TEXT NOT NULL,
  started_us INTEGER NOT NULL, last_seen_us INTEGER NOT NULL,
  first_sequence INTEGER NOT NULL DEFAULT 0, durable_sequence INTEGER NOT NULL DEFAULT 0,
  epoch INTEGER NOT NULL DEFAULT 0, dictionary_broken INTEGER NOT NULL DEFAULT 0,
  first_invocation INTEGER NOT NULL DEFAULT 0,
  init_start_us INTEGER NOT NULL DEFAULT 0, init_duration_us INTEGER NOT NULL DEFAULT 0,
  init_status INTEGER NOT NULL DEFAULT 0) STRICT;
INSERT INTO environments VALUES(1,X'65656565656565656565656565656565',1,'','',256,'x86_64','python3.12','','',0,'',1800000000000000,1800000000000000,1,2,1,1,1,0,0,0);
CREATE TABLE batches (
  environment INTEGER NOT NULL, sequence INTEGER NOT NULL, received_us INTEGER NOT NULL,
  samples INTEGER NOT NULL, outcome INTEGER NOT NULL, reason TEXT NOT NULL,
  PRIMARY KEY (environment, sequence)) STRICT, WITHOUT ROWID;
INSERT INTO batches VALUES(1,1,1800000000000000,10,1,'');
INSERT INTO batches VALUES(1,2,1800000000000000,42,2,'no such stack');
CREATE TABLE strings (id INTEGER PRIMARY KEY, content BLOB NOT NULL UNIQUE) STRICT;
INSERT INTO strings VALUES(1,X'6d61696e');
INSERT INTO strings VALUES(2,X'776f726b');
INSERT INTO strings VALUES(3,X'776f726b6572');
INSERT INTO strings VALUES(4,X'2f6f70742f6c6962782e736f');
INSERT INTO strings VALUES(5,X'0102');
CREATE TABLE modules (
  id INTEGER PRIMARY KEY, path INTEGER NOT NULL, build_id INTEGER NOT NULL,
  UNIQUE (path, build_id)) STRICT;
INSERT INTO modules VALUES(1,4,5);
CREATE TABLE frames (
  id INTEGER PRIMARY KEY, name INTEGER NOT NULL, address INTEGER NOT NULL, file INTEGER NOT NULL,
  line INTEGER NOT NULL, module INTEGER NOT NULL, kind INTEGER NOT NULL,
  UNIQUE (name, address, file, line, module, kind)) STRICT;
INSERT INTO frames VALUES(1,1,0,0,0,0,2);
INSERT INTO frames VALUES(2,2,0,0,0,0,2);
INSERT INTO frames VALUES(3,0,64,0,0,1,1);
CREATE TABLE stacks (
  id INTEGER PRIMARY KEY, parent INTEGER NOT NULL, frame INTEGER NOT NULL,
  UNIQUE (parent, frame)) STRICT;
INSERT INTO stacks VALUES(1,0,1);
INSERT INTO stacks VALUES(2,1,2);
INSERT INTO stacks VALUES(3,1,3);
CREATE TABLE threads (
  id INTEGER PRIMARY KEY, environment INTEGER NOT NULL, pid INTEGER NOT NULL,
  tid INTEGER NOT NULL, name INTEGER NOT NULL) STRICT;
INSERT INTO threads VALUES(1,1,10,11,3);
CREATE TABLE dictionary_deltas (
  environment INTEGER NOT NULL, epoch INTEGER NOT NULL, sequence INTEGER NOT NULL,
  content BLOB NOT NULL, PRIMARY KEY (environment, epoch, sequence)) STRICT, WITHOUT ROWID;
INSERT INTO dictionary_deltas VALUES(1,1,1,X'011528b52ffd2015a9000004020202020102030202020302020201020102021a');
CREATE TABLE invocations (
  id INTEGER PRIMARY KEY, environment INTEGER NOT NULL, request_id BLOB NOT NULL,
  function INTEGER NOT NULL, cold INTEGER NOT NULL, start_us INTEGER NOT NULL,
  start_rank INTEGER NOT NULL, end_us INTEGER NOT NULL, deadline_us INTEGER NOT NULL,
  last_sample_us INTEGER NOT NULL, status INTEGER NOT NULL, status_rank INTEGER NOT NULL,
  error_type BLOB NOT NULL, duration_us INTEGER NOT NULL, billed_duration_us INTEGER NOT NULL,
  init_duration_us INTEGER NOT NULL, memory_size_mb INTEGER NOT NULL,
  max_memory_used_mb INTEGER NOT NULL,
  UNIQUE (environment, request_id)) STRICT;
INSERT INTO invocations VALUES(1,1,X'7231',1,1,1800000000000000,3,1800000000050000,1800000003000000,1800000000030000,2,3,X'',49000,0,0,0,0);
CREATE TABLE events (
  environment INTEGER NOT NULL, time_us INTEGER NOT NULL, kind INTEGER NOT NULL,
  invocation INTEGER NOT NULL, duration_us INTEGER NOT NULL, reason BLOB NOT NULL) STRICT;
INSERT INTO events VALUES(1,1800000000000000,4,1,0,X'');
INSERT INTO events VALUES(1,1800000000050000,6,1,49000,X'');
CREATE TABLE segments (
  id INTEGER PRIMARY KEY, environment INTEGER NOT NULL, invocation INTEGER NOT NULL,
  phase INTEGER NOT NULL, start_us INTEGER NOT NULL, end_us INTEGER NOT NULL,
  samples INTEGER NOT NULL, wall_us INTEGER NOT NULL, self_cpu_us INTEGER NOT NULL,
  stopped_us INTEGER NOT NULL, target_cpu_us INTEGER NOT NULL) STRICT;
INSERT INTO segments VALUES(1,1,1,2,1800000000000000,1800000000030000,5,0,100,0,20000);
INSERT INTO segments VALUES(2,1,0,1,1799999999500000,1799999999530000,5,0,100,0,20000);
CREATE TABLE chunks (segment INTEGER PRIMARY KEY, content BLOB NOT NULL) STRICT;
INSERT INTO chunks VALUES(1,X'011f28b52ffd201ff90000028080c489e5c5b20600e0d403020004020302b0ea01a09c01e05dc03e1212');
INSERT INTO chunks VALUES(2,X'011f28b52ffd201ff9000002c0fb8689e5c5b20600e0d403020004020302b0ea01a09c01e05dc03e1212');
CREATE TABLE drops (
  segment INTEGER NOT NULL, reason INTEGER NOT NULL, samples INTEGER NOT NULL,
  PRIMARY KEY (segment, reason)) STRICT, WITHOUT ROWID;
INSERT INTO drops VALUES(1,2,2);
INSERT INTO drops VALUES(2,2,2);
CREATE TABLE metric_chunks (
  id INTEGER PRIMARY KEY, environment INTEGER NOT NULL, role INTEGER NOT NULL,
  pid INTEGER NOT NULL, start_us INTEGER NOT NULL, end_us INTEGER NOT NULL,
  content BLOB NOT NULL) STRICT;
CREATE INDEX environments_by_function ON environments (function);
CREATE INDEX invocations_by_request ON invocations (request_id);
CREATE INDEX invocations_by_start ON invocations (start_us);
CREATE INDEX invocations_by_function ON invocations (function, start_us);
CREATE INDEX events_by_environment ON events (environment, time_us);
CREATE INDEX segments_by_invocation ON segments (invocation, phase);
CREATE INDEX segments_by_environment ON segments (environment, invocation, phase);
CREATE INDEX metric_chunks_by_environment ON metric_chunks (environment, start_us);
COMMIT;
