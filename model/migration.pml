/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How one slot moves between nodes, for spin. scripts/model runs it; docs/model.md says what is checked, and what is not modelled.
 *
 *   row:   nothing --arrive_PREPARE--> importing --arrive_CUTOVER--> owned --write_ahead--> handing_over --taken--> gone
 *          gone, refused --arrive_PREPARE--> importing               handing_over --taken_back, withdraw--> owned, two epochs up
 *          what does not own --arrive_QUERY_no, arrive_CANCEL, refuse_by_itself--> refused
 *
 * Checked after every step:
 *   1. at most one node serves; the epochs of owners grow, so no epoch has two owners
 *   2. 3. the node that serves has the records, and in its cache, that the last committed writes and deletes left: none lost, none back
 *   4. (LIVENESS) however it goes on, some node serves again
 *
 * The network is the table `attempt`: a message that was sent stays there and may arrive at any time and any number of times, or never.
 * So loss, repetition, delay and reordering need no steps of their own. A repeated message that changes nothing is no step; therefore no
 * run is endless, and where a run ends everything that was sent has arrived. LOSSES takes messages away for good: then they are sent again.
 *
 * A crash and the restart after it are one step: a node that is down is one that takes no steps. What it loses is what stands under
 * "memory" below. A step is what one commit makes durable, as the lane does it.
 */
#ifndef ATTEMPTS
#define ATTEMPTS 2              /* migrations that are begun, by whomever and to whomever */
#endif
#ifndef KEYS
#define KEYS 2                  /* the slot holds keys 0 .. KEYS-1 */
#endif
#ifndef WRITES
#define WRITES 1                /* sets and deletes that clients begin */
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef LOSSES
#define LOSSES 0                /* messages that vanish although the sender waits for an answer */
#endif
#ifndef FAULTS
#define FAULTS 0                /* chunks that a target acknowledges and does not store: what the checksum is for */
#endif
#ifndef LATE_READS
#define LATE_READS 0            /* reads of MySQL outside of the lane that end late, and then fill the cache */
#endif
/* WITHOUT_CHECKSUM: T does not compare it, for the rest is to be right without. WITHOUT_NOES: a no to PREPARE or ROWS is not said: S may
 * give up at any time anyway, so it changes nothing, and costs states. */
#define NODES 3
#define CHUNKS (KEYS + WRITES)  /* ROWS of one attempt: each key once, and again for each write behind the cursor */
#define NOBODY 255

/* What a key has, as a node stores it or as it travels. NONE: nothing is said of the key. */
#define ABSENT 0
#define NONE 3

#define PREPARE 1
#define ROWS 2
#define CUTOVER 4
#define QUERY 8
#define CANCEL 16

/* Answers name what they answer. Yes to ROWS is `acknowledged`; CUTOVER and QUERY have the same answers, which are durable. */
#define PREPARE_YES 1
#define PREPARE_NO 2
#define ROWS_NO 4
#define TAKEN 8
#define REFUSED 16

mtype = { nothing, owned, handing_over, gone, importing, refused }

/* Durable: one MySQL for each node. */
typedef Row { mtype state; byte epoch; byte peer; byte transfer }
typedef Values { byte key[KEYS] }
Row row[NODES];
Values records[NODES];

/* Memory: a crash takes it. */
typedef Memory {
    byte running = NOBODY;      /* source: the attempt that is under way */
    byte cursor;                /* source: keys below it were read */
    byte dirty;                 /* source: bit set of keys that were written behind the cursor */
    bool cut;                   /* source: the last rows are known, so it serves no more */
    bool withdrawn;             /* source: given up, and the row still says handing_over */
    bool parked;                /* source: a set of key 0 waits for the end of the hand-over */
    bool alive;                 /* target: the import that the row names was begun by this process */
    byte next;                  /* target: number of the next ROWS or CUTOVER */
    byte reading = NONE         /* a late read: what it found for key 0 */
}
Memory memory[NODES];
Values cache[NODES];

/* The network. (source, target, epoch, transfer) is in each message of the attempt. */
typedef Chunk { byte key; byte content }
typedef Attempt {
    byte source; byte target; byte epoch; byte transfer;
    byte sent;                  /* bit set of messages */
    byte answers;
    byte rows;                  /* ROWS 1 .. rows were sent, one at a time */
    byte acknowledged;          /* the highest ROWS with a yes */
    Chunk chunk[CHUNKS];
    byte last[KEYS];            /* in CUTOVER: the last dirty rows, */
    byte checksum               /* and the count and checksum, which never err here */
}
Attempt attempt[ATTEMPTS];

/* What is left of each bound, and what an onlooker who sees everything knows. */
byte begun, writes, crashes, losses, faults, late_reads;
byte top_epoch = 1;             /* the highest epoch that ever had an owner */
Values latest;                  /* what the last committed write of each key left */

#define S attempt[a].source
#define T attempt[a].target
#define E attempt[a].epoch
#define X attempt[a].transfer
#define KEY(k) (1 << (k))
#define said(answer) (attempt[a].answers & answer)
#define sent(message) (attempt[a].sent & message)

/* Not part of a state: counters within a step. A search in breadth has nothing like it. */
#if defined(TRACE)
byte i, j;
#else
hidden byte i, j;
#endif

/* WITNESSES: a search prints each name once; what no search prints cannot happen. TRACE: a replay prints the steps. */
#if defined(WITNESSES)
c_decl {
    static void witness(const char *name)
    {   static const char *seen[99]; int at = 0;
        while (seen[at] && seen[at] != name) at++;
        if (!seen[at]) { seen[at] = name; printf("witness: %s\n", name); }
    }
}
#define WITNESS(condition, name) if :: condition -> c_code { witness(#name); } :: else fi
#define STEP(name, whose) c_code { witness(#name); }
#elif defined(TRACE)
#define WITNESS(condition, name) skip
#define STEP(name, whose) printf(#name); printf(" %d\n", whose)
#else
#define WITNESS(condition, name) skip
#define STEP(name, whose) skip
#endif

/* ---- who serves, and what is compared ---- */

/* handing_over is written ahead: whoever wrote it knows in memory whether it has offered the slot yet, and serves until then. */
#define is_running(n) (memory[n].running != NOBODY)
#if defined(MUTANT_SERVES_WHILE_HANDING_OVER)
#define serves(n) (row[n].state == owned || (row[n].state == handing_over && is_running(n)))
#elif defined(MUTANT_RESTARTED_SOURCE_SERVES)
#define serves(n) ((row[n].state == owned || row[n].state == handing_over) && !memory[n].cut)
#else
#define serves(n) ((row[n].state == owned || (row[n].state == handing_over && is_running(n))) && !memory[n].cut)
#endif
#define is_cut_off(n) (row[n].state == handing_over && (!is_running(n) || memory[n].cut))
#define somebody_serves (serves(0) || serves(1) || serves(2))

#if defined(MUTANT_EPOCH_NOT_COMPARED)
#define same_epoch true
#else
#define same_epoch (row[T].epoch == E)
#endif
#if defined(MUTANT_TRANSFER_NOT_COMPARED)
#define same_transfer true
#else
#define same_transfer (row[T].transfer == X)
#endif
#define importing_it (row[T].state == importing && same_epoch && same_transfer)
#define importing_alive (importing_it && memory[T].alive)

#if defined(MUTANT_PREPARE_OF_THE_PAST)
#define greater true
#elif defined(MUTANT_PREPARE_AGAIN)
#define greater (E > row[T].epoch || (E == row[T].epoch && X >= row[T].transfer))
#else
#define greater (E > row[T].epoch || (E == row[T].epoch && X > row[T].transfer))
#endif
#define acceptable (row[T].state != owned && row[T].state != handing_over && greater)

/* The number after which memory[T].next is unknown: 0, as a restarted target has it. Only a mutant accepts anything then. */
#if defined(MUTANT_CHUNK_NUMBER_NOT_COMPARED)
#define expected(n) true
#elif defined(MUTANT_RESTARTED_TARGET_IS_ALIVE)
#define expected(n) (memory[T].next == (n) || memory[T].next == 0)
#else
#define expected(n) (memory[T].next == (n))
#endif
#if defined(MUTANT_CUTOVER_NUMBER_NOT_COMPARED)
#define at_the_end true
#else
#define at_the_end expected(attempt[a].rows + 1)
#endif

/* S, while it sends, and while it waits for the durable answer. */
#define sending (memory[S].running == a && !memory[S].cut && !memory[S].withdrawn)
#define written_ahead (row[S].state == handing_over && row[S].epoch == E && row[S].transfer == X)
#if defined(MUTANT_NOT_WRITTEN_AHEAD)
#define may_be_offered true
#else
#define may_be_offered written_ahead
#endif
#define offered (written_ahead && is_cut_off(S))
#if defined(MUTANT_ANSWER_NOT_COMPARED)
#define waits_for_it is_cut_off(S)
#else
#define waits_for_it offered
#endif
#if defined(MUTANT_WITHDRAWN_AFTER_CUTOVER)
#define may_give_up (memory[S].running == a && !memory[S].withdrawn)
#else
#define may_give_up sending
#endif
#if defined(MUTANT_DOES_NOT_WAIT_FOR_ACKNOWLEDGEMENTS)
#define all_acknowledged true
#else
#define all_acknowledged (attempt[a].acknowledged == attempt[a].rows)
#endif

/* T took the slot at E: it owns it, or had it and passed it on. */
#define taken_at_target (row[T].epoch > E || (row[T].state == owned && row[T].epoch == E))
#if defined(MUTANT_QUERY_IS_OPTIMISTIC)
#define answer_yes (taken_at_target || importing_it)
#else
#define answer_yes taken_at_target
#endif

/* QUERY, or a CUTOVER that cannot be applied. */
#define asked (sent(QUERY) || (sent(CUTOVER) && !(importing_alive && at_the_end)))

#if defined(MUTANT_ANY_YES_WILL_DO)
#define was_taken (said(TAKEN) || said(PREPARE_YES) || attempt[a].acknowledged)
#else
#define was_taken said(TAKEN)
#endif
#if defined(MUTANT_ANY_NO_WILL_DO)
#define was_refused (said(REFUSED) || said(PREPARE_NO) || said(ROWS_NO))
#elif defined(MUTANT_TIMEOUT_GIVES_BACK)
#define was_refused true
#else
#define was_refused said(REFUSED)
#endif

#if defined(MUTANT_PURGE_DOES_NOT_LOOK_AGAIN)
bool purging[NODES];
#define purges(n) purging[n]
#else
#define purges(n) (row[n].state == gone)
#endif

/* ---- pieces of steps ---- */

/* Clients read every key at every node that serves, after every step: from MySQL, and from the cache where it has the key. */
inline check()
{
    for (i : 0 .. NODES - 1) {
        for (j : 0 .. KEYS - 1) {
            assert(!serves(i) || records[i].key[j] == latest.key[j]);
            assert(!serves(i) || cache[i].key[j] == NONE || cache[i].key[j] == latest.key[j]);
        }
    };
    assert(serves(0) + serves(1) + serves(2) <= 1)
}

/* A row of `slots`. The pair (epoch, transfer) only grows. */
inline commit(n, new_state, new_epoch, new_peer, new_transfer)
{
#if !defined(MUTANT)
    assert(new_epoch > row[n].epoch || (new_epoch == row[n].epoch && new_transfer >= row[n].transfer));
#endif
    row[n].state = new_state; row[n].epoch = new_epoch; row[n].peer = new_peer; row[n].transfer = new_transfer
}

inline forget_import(n) { memory[n].alive = false; memory[n].next = 0 }
inline forget_attempt(n)
{
    memory[n].running = NOBODY; memory[n].cursor = 0; memory[n].dirty = 0; memory[n].cut = false; memory[n].withdrawn = false
}
inline forget_cache(n) { for (i : 0 .. KEYS - 1) { cache[n].key[i] = NONE } }

/* A cache that holds more can only show more: as soon as a node serves, all that its cache lacks is read. */
inline read_all(n)
{
    for (i : 0 .. KEYS - 1) {
        if :: serves(n) && cache[n].key[i] == NONE -> cache[n].key[i] = records[n].key[i] :: else fi
    }
}

/* Another owner of an epoch: its epoch is above that of all owners before it. */
inline begin_to_own(n, epoch_owned)
{
    assert(epoch_owned > top_epoch);
    top_epoch = epoch_owned;
    read_all(n)
}

/* A set or a delete, as the lane does it: noted as dirty, committed, published to the cache, acknowledged. */
inline write(n, k, value)
{
    if
#if defined(MUTANT_DIRTY_WRITES_FORGOTTEN)
    :: (value) != ABSENT -> skip
#endif
#if defined(MUTANT_DIRTY_DELETES_FORGOTTEN)
    :: (value) == ABSENT -> skip
#endif
#if defined(MUTANT_KEY_AT_THE_CURSOR_FORGOTTEN)
    :: k + 1 == memory[n].cursor -> skip
#endif
    :: else -> if :: k < memory[n].cursor -> memory[n].dirty = memory[n].dirty | KEY(k) :: else fi
    fi;
    latest.key[k] = value; /* first, as `value` is an expression over the record */
    records[n].key[k] = latest.key[k];
    cache[n].key[k] = latest.key[k];
    memory[n].reading = NONE
}

/* A value that differs from the one before, so that an old one shows. */
#define other(value) ((value) == 1 -> 2 : 1)

/* The next ROWS: a key as it is now. A scan says nothing of an absent key; a dirty one that is absent travels as an erasure. */
inline send_rows(which, what_of_absent)
{
    attempt[a].chunk[attempt[a].rows].key = which;
    attempt[a].chunk[attempt[a].rows].content = (records[S].key[which] == ABSENT -> what_of_absent : records[S].key[which]);
    attempt[a].rows++;
    attempt[a].sent = attempt[a].sent | ROWS
}

inline apply(n, which, what) { if :: what != NONE -> records[n].key[which] = what :: else fi }

inline checksum_of(n, result)
{
    result = 0;
    for (i : 0 .. KEYS - 1) { result = result * 3 + records[n].key[i] }
}

/* ---- T: what arrives at the target of attempt a ---- */

inline say(answer) { attempt[a].answers = attempt[a].answers | answer }

inline refuse(n, its_epoch, its_peer, its_transfer)
{
    commit(n, refused, its_epoch, its_peer, its_transfer);
    forget_import(n)
}

inline store_chunk(number)
{
    apply(T, attempt[a].chunk[number - 1].key, attempt[a].chunk[number - 1].content);
    memory[T].next = number + 1
}

proctype at_target(byte a)
{
    byte sum;
end:
    do
    :: d_step { sent(PREPARE) && acceptable ->
        STEP(arrive_PREPARE, a);
        WITNESS(row[T].state == gone, an_owner_of_old_is_asked_again);
        WITNESS(row[T].state == importing, an_import_is_replaced);
        WITNESS(row[T].state == refused, a_node_that_refused_is_asked_again);
#if !defined(MUTANT_NO_PURGE)
        for (i : 0 .. KEYS - 1) { records[T].key[i] = ABSENT };
#endif
        commit(T, importing, E, S, X);
        memory[T].alive = true; memory[T].next = 1;
        say(PREPARE_YES);
        check() }
    :: d_step { sent(PREPARE) && importing_alive && !said(PREPARE_YES) ->   /* the answer was lost */
        STEP(arrive_PREPARE_again, a);
        say(PREPARE_YES) }
#if !defined(WITHOUT_NOES)
    :: d_step { sent(PREPARE) && !acceptable && !importing_alive && !said(PREPARE_NO) ->    /* not durable: it ends no hand-over */
        STEP(arrive_PREPARE_in_vain, a);
        say(PREPARE_NO) }
#endif

    :: d_step { sent(ROWS) && importing_alive && expected(attempt[a].rows) ->   /* S sends one at a time: only its latest can be the next */
        STEP(arrive_ROWS, a);
        store_chunk(attempt[a].rows);
        attempt[a].acknowledged = attempt[a].rows;
        check() }
    :: d_step { sent(ROWS) && importing_alive && memory[T].next == attempt[a].rows + 1 && !all_acknowledged ->  /* the answer was lost */
        STEP(arrive_ROWS_again, a);
        attempt[a].acknowledged = attempt[a].rows }
#if !defined(WITHOUT_NOES)
    :: d_step { sent(ROWS) && !importing_alive && !said(ROWS_NO) -> /* not durable */
        STEP(arrive_ROWS_in_vain, a);
        say(ROWS_NO) }
#endif
#if FAULTS
    :: d_step { sent(ROWS) && importing_alive && expected(attempt[a].rows) && faults < FAULTS ->
        STEP(arrive_ROWS_and_vanish, a);
        faults++;
        memory[T].next = attempt[a].rows + 1;
        attempt[a].acknowledged = attempt[a].rows }
#endif
#if defined(MUTANT_CHUNK_NUMBER_NOT_COMPARED) || defined(MUTANT_RESTARTED_TARGET_IS_ALIVE)
    :: d_step { attempt[a].rows > 1 && importing_alive && expected(1) ->    /* for these an old chunk is not only a repetition */
        STEP(arrive_ROWS_of_old, a);
        store_chunk(1);
        check() }
#endif

    :: d_step { sent(CUTOVER) && importing_alive && at_the_end ->   /* the only step that moves the ownership */
        STEP(arrive_CUTOVER, a);
        for (j : 0 .. KEYS - 1) { apply(T, j, attempt[a].last[j]) };
        checksum_of(T, sum);
        if
#if !defined(WITHOUT_CHECKSUM) && !defined(MUTANT_CHECKSUM_NOT_COMPARED)
        :: sum != attempt[a].checksum ->
            WITNESS(true, a_checksum_is_wrong);
            refuse(T, E, S, X);
            say(REFUSED)
#endif
        :: else ->
            WITNESS(true, a_migration_ends_well);
            WITNESS(T == 0, a_slot_comes_back);
            WITNESS(T != 0 && S != 0, a_slot_moves_on);
            WITNESS(writes && attempt[0].source == S && T == 1 && latest.key[0] != 1, a_read_after_a_move_finds_what_was_written_before);
            WITNESS(memory[S].running == NOBODY, a_slot_moves_although_its_source_was_restarted);
            commit(T, owned, E, S, X);
            forget_import(T);
            begin_to_own(T, E);
            say(TAKEN)
        fi;
        sum = 0;
        check() }
    :: d_step { asked && answer_yes && !said(TAKEN) ->
        STEP(arrive_QUERY_yes, a);
        WITNESS(row[T].epoch > E, yes_from_one_who_has_passed_it_on);
        say(TAKEN) }
    :: d_step { asked && !answer_yes && !(said(REFUSED) && row[T].state == refused) ->
        STEP(arrive_QUERY_no, a);
        WITNESS(importing_alive, a_query_is_before_its_cutover);
        WITNESS(row[T].state == importing && !memory[T].alive, a_query_finds_a_restarted_target);
#if !defined(MUTANT_NO_IS_NOT_DURABLE)
        refuse(T, E, S, X);
#endif
        say(REFUSED);
        check() }
    :: d_step { sent(CANCEL) && importing_it ->
        STEP(arrive_CANCEL, a);
        refuse(T, E, S, X) }
#if defined(MUTANT_YES_BEFORE_THE_COMMIT)
    :: d_step { sent(CUTOVER) && importing_alive && at_the_end && !said(TAKEN) ->
        STEP(yes_before_the_commit, a);
        say(TAKEN) }
#endif
    od
}

/* ---- S: the source of attempt a ---- */

inline send(message) { attempt[a].sent = attempt[a].sent | message }

#define may_send_rows (sending && said(PREPARE_YES) && all_acknowledged)
#define first_dirty(n) ((memory[n].dirty & KEY(0)) -> 0 : 1)

proctype at_source(byte a)
{
end:
    do
    :: d_step { sending && !sent(PREPARE) ->    /* it was lost; begin_attempt sends the first */
        STEP(send_PREPARE_again, a);
        send(PREPARE) }
    :: d_step { sending && attempt[a].rows && !sent(ROWS) ->    /* it was lost: the same bytes again */
        STEP(send_ROWS_again, a);
        send(ROWS) }
#if defined(MUTANT_ROWS_READ_AGAIN)
    :: d_step { sending && attempt[a].rows && (memory[S].dirty & KEY(attempt[a].chunk[attempt[a].rows - 1].key)) ->
        STEP(send_other_ROWS_again, a);
        attempt[a].rows--;
        j = attempt[a].chunk[attempt[a].rows].key;
        memory[S].dirty = memory[S].dirty & ~KEY(j);
        send_rows(j, ABSENT) }
#endif
    :: d_step { may_send_rows && memory[S].cursor < KEYS ->
        STEP(send_ROWS_of_the_scan, a);
        send_rows(memory[S].cursor, NONE);
        memory[S].cursor++ }
    :: d_step { may_send_rows && memory[S].dirty ->
        STEP(send_ROWS_of_dirty_keys, a);
        j = first_dirty(S);
        WITNESS(records[S].key[j] == ABSENT, a_delete_is_sent_again);
        WITNESS(records[S].key[j] != ABSENT, a_write_is_sent_again);
        memory[S].dirty = memory[S].dirty & ~KEY(j);
        send_rows(j, ABSENT) }
    :: d_step { sending && row[S].state == owned && memory[S].cursor == KEYS ->  /* in time: nobody waits for this commit */
        STEP(write_ahead, a);
        commit(S, handing_over, E, T, X);
        check() }
    :: d_step { may_send_rows && memory[S].cursor == KEYS && may_be_offered ->  /* from here on operations are parked */
        STEP(hand_over, a);
        WITNESS(memory[S].dirty, a_cutover_carries_dirty_rows);
        for (j : 0 .. KEYS - 1) { attempt[a].last[j] = ((memory[S].dirty & KEY(j)) -> records[S].key[j] : NONE) };
        checksum_of(S, attempt[a].checksum);
        memory[S].cursor = 0; memory[S].dirty = 0;
        memory[S].cut = true;
        check() }
    :: d_step { memory[S].running == a && memory[S].cut && !sent(CUTOVER) ->    /* unless a crash came before it */
        STEP(send_CUTOVER, a);
        send(CUTOVER) }
#if !defined(MUTANT_NO_QUERY)
    :: d_step { offered && !sent(QUERY) ->  /* no answer, or restarted */
        STEP(send_QUERY, a);
        send(QUERY) }
#endif
    :: d_step { waits_for_it && was_taken ->
        STEP(taken, a);
        assert(taken_at_target);
        WITNESS(memory[S].running == NOBODY, a_restarted_source_hears_yes);
        WITNESS(memory[S].parked, parked_operations_are_sent_on);
#if defined(MUTANT_PARKED_OPERATIONS_RUN_AFTER_YES)
        if :: memory[S].parked -> write(S, 0, other(records[S].key[0])) :: else fi;
#endif
        memory[S].parked = false;
#if !defined(MUTANT_LATE_READ_FILLS_THE_CACHE)
        memory[S].reading = NONE;
#endif
#if !defined(MUTANT_CACHE_KEPT_AFTER_GONE)
        forget_cache(S);
#endif
#if defined(MUTANT_PURGE_DOES_NOT_LOOK_AGAIN)
        purging[S] = true;
#endif
        forget_attempt(S);
        commit(S, gone, row[S].epoch, T, X);
        check() }
    :: d_step { waits_for_it && was_refused ->
        STEP(taken_back, a);
        WITNESS(memory[S].running == NOBODY, a_restarted_source_hears_no);
        WITNESS(memory[S].running != NOBODY, a_hand_over_is_refused);
        WITNESS(memory[S].parked, parked_operations_run_after_no);
        forget_attempt(S);
#if defined(MUTANT_EPOCH_AS_BEFORE_AFTER_NO)
        commit(S, owned, row[S].epoch - 1, T, X);
        read_all(S);
#else
        commit(S, owned, row[S].epoch + 1, T, X);
        begin_to_own(S, row[S].epoch);
#endif
        if :: memory[S].parked -> write(S, 0, other(records[S].key[0])) :: else fi;
        memory[S].parked = false;
        check() }
    :: d_step { may_give_up ->  /* at any time before hand_over, for no reason or because of a no. The CANCEL may never arrive */
        STEP(give_up, a);
        WITNESS(said(ROWS_NO), the_target_lost_its_import);
        if
        :: row[S].state == handing_over -> memory[S].cursor = 0; memory[S].dirty = 0; memory[S].cut = false; memory[S].withdrawn = true
        :: else -> forget_attempt(S)
        fi;
        send(CANCEL) }
    :: d_step { memory[S].running == a && memory[S].withdrawn ->    /* served all the while: it never was offered */
        STEP(withdraw, a);
        forget_attempt(S);
        commit(S, owned, row[S].epoch + 1, T, X);
        begin_to_own(S, row[S].epoch);
        check() }
    od
}

/* ---- the node, beyond one attempt ---- */

/* Same epoch, higher transfer id than all attempts of this source before. Ids of different sources have nothing to do with each other. */
inline begin_attempt(n, where_to)
{
    a = begun; begun++;
    STEP(begin_attempt, a);
    S = n; T = where_to; E = row[n].epoch + 1; X = 1;
    for (i : 0 .. ATTEMPTS - 1) {
        if :: i < a && attempt[i].source == n && attempt[i].epoch == E -> X++ :: else fi
    };
    WITNESS(a > 0 && X > 1 && attempt[a - 1].target != where_to, another_target_after_an_attempt);
#if defined(TRACE)
    printf("    from node %d to node %d, epoch %d, transfer %d\n", S, T, E, X);
#endif
    send(PREPARE);
    memory[n].running = a;
    a = 0
}
#define may_begin(n) (row[n].state == owned && memory[n].running == NOBODY && begun < ATTEMPTS)

#define has_memory(n) (memory[n].running != NOBODY || memory[n].alive || memory[n].parked || memory[n].reading != NONE)

inline crash(n)
{
    crashes++;
    WITNESS(row[n].state == owned && memory[n].cursor, crash_while_sending);
    WITNESS(is_cut_off(n), crash_while_handing_over);
    WITNESS(row[n].state == handing_over && serves(n), crash_before_the_slot_is_offered);
    WITNESS(row[n].state == importing, crash_while_importing);
    WITNESS(memory[n].parked, crash_with_parked_operations);
    forget_attempt(n);
    forget_import(n);
    forget_cache(n);
    memory[n].parked = false;
    memory[n].reading = NONE;
#if defined(MUTANT_RESTARTED_TARGET_IS_ALIVE)
    memory[n].alive = (row[n].state == importing);
#endif
    read_all(n)
}

proctype node(byte n)
{
    byte a;
end:
    do
    /* Which topology wants it, and which version this node has heard of, is left open: any other node, at any time.
     * Only the first attempt goes to node 1, as 1 and 2 are alike then. */
    :: d_step { may_begin(n) -> begin_attempt(n, (n + 1) % NODES); check() }
    :: d_step { may_begin(n) && begun -> begin_attempt(n, (n + 2) % NODES); check() }

    :: d_step { row[n].state == importing ->    /* after a restart, or for any reason */
        STEP(refuse_by_itself, n);
        refuse(n, row[n].epoch, row[n].peer, row[n].transfer) }

    /* Purge, in chunks of one key: each is an operation in the lane, and looks at the row again. */
    :: d_step { purges(n) && records[n].key[0] != ABSENT ->
        STEP(purge, n);
        records[n].key[0] = ABSENT;
        check() }
#if KEYS > 1
    :: d_step { purges(n) && records[n].key[1] != ABSENT ->
        STEP(purge, n);
        records[n].key[1] = ABSENT;
        check() }
#endif

    /* A crash that takes nothing changes nothing, so it is no step: those in gone, in refused, and of an idle owner. */
    :: d_step { crashes < CRASHES && has_memory(n) ->
        STEP(crash, n);
        crash(n);
        check() }

#if LATE_READS
    :: d_step { late_reads < LATE_READS && serves(n) && memory[n].reading == NONE ->
        STEP(late_read_begins, n);
        late_reads++;
        memory[n].reading = records[n].key[0] }
    :: d_step { memory[n].reading != NONE ->    /* it fills the cache, unless a write or a hand-over came in between */
        STEP(late_read_ends, n);
        cache[n].key[0] = memory[n].reading;
        memory[n].reading = NONE;
        check() }
#endif
    od
}

proctype client(byte n; byte k)
{
end:
    do
    :: d_step { writes < WRITES && serves(n) ->
        STEP(set, n);
        writes++;
        write(n, k, other(records[n].key[k]));
        check() }
    :: d_step { writes < WRITES && serves(n) && records[n].key[k] != ABSENT ->
        STEP(delete, n);
        writes++;
        write(n, k, ABSENT);
        check() }
    :: d_step { writes < WRITES && is_cut_off(n) && k == 0 && !memory[n].parked ->
        STEP(park, n);
        writes++;
        memory[n].parked = true }
    od
}

#if LOSSES
#define may_lose (losses < LOSSES)
inline lose(message) { STEP(lose, a); losses++; attempt[a].sent = attempt[a].sent & ~message }
inline lose_answer(answer) { STEP(lose_answer, a); losses++; attempt[a].answers = attempt[a].answers & ~answer }

proctype network(byte a)
{
end:
    do
    :: d_step { may_lose && sent(PREPARE) -> lose(PREPARE) }
    :: d_step { may_lose && sent(ROWS) -> lose(ROWS) }
    :: d_step { may_lose && sent(CUTOVER) -> lose(CUTOVER) }
    :: d_step { may_lose && sent(QUERY) -> lose(QUERY) }
    :: d_step { may_lose && sent(CANCEL) -> lose(CANCEL) }
    :: d_step { may_lose && said(PREPARE_YES) -> lose_answer(PREPARE_YES) }
    :: d_step { may_lose && said(TAKEN) -> lose_answer(TAKEN) }
    :: d_step { may_lose && said(REFUSED) -> lose_answer(REFUSED) }
    :: d_step { may_lose && attempt[a].rows && attempt[a].acknowledged == attempt[a].rows ->
        STEP(lose_answer, a);
        losses++;
        attempt[a].acknowledged-- }
    od
}
#endif

init
{
    byte a;
    atomic {
        for (a : 0 .. NODES - 1) { row[a].state = nothing; forget_cache(a) };
        row[0].state = owned; row[0].epoch = 1;
        records[0].key[0] = 1; latest.key[0] = 1;
        read_all(0);
        for (a : 0 .. ATTEMPTS - 1) {
            run at_target(a); run at_source(a);
#if LOSSES
            run network(a)
#endif
        };
        for (a : 0 .. NODES - 1) {
            run node(a); run client(a, 0);
#if KEYS > 1
            run client(a, 1)
#endif
        }
    }
}

#ifdef LIVENESS
ltl owner_again { []<> somebody_serves }
#endif
