/* One pool: a producer, NC readers, a pool of NS slots.  Sequentially consistent: every load or store of a shared word is
 * one step (local computation is folded into the step before it).  Moves to a new pool are in move.pml.
 *
 * The step ids in the comments are those of docs/protocol.md:  A attach, J join, C consume and release, U suspend and
 * resume, L leave, W door, E end of a stream, P produce, G grant, D demotion, R reclaim, H housekeeping, Q end of a
 * producer.  S and N (files and names) and F (key frames) are not modelled.
 *
 * Options (-D):
 *   NC readers, SEATS seats (reader c sits on seat c % SEATS), NS slots, FRAMES frames, LIVES of each reader
 *   (LIVES1: of every reader but number 0),
 *   ENDS=n the stream ends up to n times between frames, and perhaps once more before the close; ENDWAIT: the producer waits until the first end is told,
 *   KILLS readers killed in all (at any step), KILL1: not number 0, MUSTKILL: all of them, PKILL: the producer may be killed at any step,
 *   MODES 0 each reader chooses, 1 all `every`, 2 all `latest`, 3 reader 0 `every`, the others `latest`,
 *   QUOTA pins that a reader asks for at most (QUOTA1: every reader but number 0), LEAST at least (QUOTA if not said),
 *   ROOM pins that may be granted in all (NS), SHARE what part of the room one reader gets at most: one SHAREth (3),
 *   RETRY who is refused may ask again, SERVED: the others come when number 0 is gone, and nobody may be refused, NOSTARVE the producer must never be without a slot,
 *   LEAVE=cond readers for which cond holds may leave at any time (1: all; c==0: number 0),
 *   HOLDNEXT a frame is kept until the quota is reached (with 2: until the next one is there), RESUME_END: resumes only at the end,
 *   HUNG=cond readers that join and then pull nothing before the pool is closed, LATCH=cond readers that keep their first frame until then,
 *   MAXAGE: `latest` may read an older frame before the newest,
 *   SUSP suspend and resume, once per life, UNWAIT a reader of `every` may be waited for no longer, once per life, AGAIN n: and be waited for
 *   again, as after a demotion, so many times,
 *   AWAIT nothing is published before all readers are seated,
 *   RELTHREAD frames are released by a second thread, DOUBLE: which releases each of them twice,
 *   THREADS an upstream thread acquires slots, has them published by render, and gives each back only later
 *   (LENDMAX slots lent at most, UPACQ acquired in all; NOLEND: it gives all back unpublished;
 *   KEEPOWN: it has a buffer of what render published by itself too),
 *   HK housekeeping is a thread of its own (else the producer's one thread does it whenever it looks for a slot, and sleeps at door and knock together),
 *   HKONLY: only that thread grants, HKTURN: the one thread may do the housekeeper's work before each frame, DEMOTE (IMPATIENT: at once), DROP (overflow=drop),
 *   HOSTILE n: reader 0 is hostile and does n arbitrary things to its own seat, before or after it was granted something; HOSTPINS: it only asks and pins,
 *   TMO 0 sleeps have no limit; 1 when nothing else can happen every sleeper times out (three times in a row without any
 *   progress is an error: a hang that limits do not cure); 2 a sleep may time out at any time (safety only);
 *   3 as 0, but the producer wakes up when seat 0 is dead and not reclaimed (SEATS=1).
 *   MEMFD the backend memfd: readers come by a connection, sleep at their own seats, and ring their own doors (bells.inc, connection.inc);
 *   INTR=n another thread of the reader interrupts it up to n times, QUIT: the producer's process ends, and all connections with it, right after the close,
 *   EVICT: who comes may take the index of a connection that has not sent READY, AT_ONCE: HELLO to SITS is one step,
 *   MUT_x  one step left out, reordered or done otherwise, see matrix.txt.
 */
#include "common.inc"

#ifndef NC
#define NC 1
#endif
#ifndef SEATS
#define SEATS NC
#endif
#ifndef NS
#define NS 3
#endif
#ifndef FRAMES
#define FRAMES 3
#endif
#ifndef LIVES
#define LIVES 1
#endif
#ifndef LIVES1
#define LIVES1 LIVES
#endif
#ifndef KILLS
#define KILLS 0
#endif
#ifndef MODES
#define MODES 0
#endif
#ifndef QUOTA
#define QUOTA 1
#endif
#ifndef QUOTA1
#define QUOTA1 QUOTA
#endif
#ifndef ROOM
#define ROOM NS
#endif
#ifndef UPACQ
#define UPACQ FRAMES
#endif
#ifndef LENDMAX
#define LENDMAX 2
#endif
#ifndef HOSTILE
#define HOSTILE 0
#endif
#ifndef TMO
#define TMO 0
#endif
#ifndef ENDS
#define ENDS 0
#endif
#ifndef AGAIN
#define AGAIN 0
#endif
#ifndef HUNG
#define HUNG false
#endif
#ifndef LATCH
#define LATCH false
#endif
#if NS > 4
#define RING 8
#else
#define RING 4
#endif
#define ALL    (BIT(NS) - 1)
#define MOST(c)  ((c) == 0 -> QUOTA : QUOTA1)
#ifdef LEAST
#define LEASTOF(c) LEAST
#else
#define LEASTOF(c) MOST(c)
#endif
#if defined(THREADS) || defined(HK) || defined(MEMFD)
#define MUTEX
#endif

/* ---- pool segment: written by the producer only */
byte slotseq[NS];                        /* 0 = invalid */
byte rslot[RING]; byte rseq[RING];       /* the ring: one 64-bit word per frame */
byte head; bool closed;
bool judged[SEATS]; byte wgen[SEATS];    /* the word Verdict of each seat: demoted; whom */
byte gg[SEATS]; byte gn[SEATS];          /* the word Granted: generation and pins */
#if ENDS > 0
byte ended; byte stream[NS];             /* Ended: the place where the next stream begins; the record's Stream: what it was at publication */
#endif
/* ---- seat segment */
byte state[SEATS]; byte gen[SEATS]; byte cursor[SEATS]; byte pins[SEATS]; bool waiting[SEATS]; byte most[SEATS]; byte least[SEATS];
bool pwait;                              /* ProducerWaiting; it lies in the pool segment */
/* ---- the kernel: file locks (dropped at death) and futexes.  A futex word matters only in "has it changed since I
 *      looked", so bell, door and knock are one bit per looker, cleared by the look and set by the bump. */
byte lck[SEATS]; bool palive = true;
bool doorchg; bool watched; bool bellchg[NC]; bool asleepP; bool asleepC[NC]; bool knocked; bool asleepH;
/* ---- private to the producer's process */
bool mtx; bool upend; byte lent; bool known[SEATS]; byte kgen[SEATS]; byte kgrant[SEATS];   /* G: to which generation how much was granted */
/* ---- private to each reader */
byte held[NC * NS];                      /* sequence of the frame held in each slot, 0: none; the claim of a release is a CAS on it */
byte hcount[NC];                         /* frames held: what the quota is compared with */
/* ---- ghosts */
byte writing;                            /* slots being written */
byte uphold;                             /* slots of which upstream still has a buffer, published or not */
byte hm[NC];                             /* slots on which reader c holds a delivered frame */
byte mine[NC];                           /* what each living reader was granted */
#if ENDS > 0
byte truth[FRAMES + 2]; bool tolds;      /* what Ended was when each frame was published; somebody was told of an end */
#endif
#ifdef MUT_judge_reread
byte jg[SEATS];                          /* the generation whose cursor was looked at */
#endif
bool kill[NC]; byte kills; bool pkill; byte gone; bool pdone; byte stuck; bool cend[NC];

#if NC > 1
#define HM1 hm[1]
#define MINE1 mine[1]
#else
#define HM1 0
#define MINE1 0
#endif
#if NC > 2
#define HM2 hm[2]
#define MINE2 mine[2]
#else
#define HM2 0
#define MINE2 0
#endif
#if SEATS > 1
#define KGRANT1 kgrant[1]
#else
#define KGRANT1 0
#endif
#if SEATS > 2
#define KGRANT2 kgrant[2]
#else
#define KGRANT2 0
#endif
#define NOBODY_HOLDS(s) (((hm[0] | HM1 | HM2) & BIT(s)) == 0)
#define NO_HONEST_HOLDER(k) ((hm[0] == 0 || (k) != 0) && (HM1 == 0 || (k) != 1 % SEATS) && (HM2 == 0 || (k) != 2 % SEATS))

/* ------------------------------------------------------------------------------------------------ both sides */
#ifdef MEMFD
#include "bells.inc"
#else
#define STATE(k)  state[k]
#define PINS(k)   pins[k]
#define CURSOR(k) cursor[k]
#define ring_own  ring
inline ring() {                          /* W1, W2 door: bump, then wake the producer if it announced itself */
  doorchg = true;
  if :: pwait -> asleepP = false :: else fi
}
inline bump() {                          /* bell: bump */
  d_step { bellchg[0] = true;
#if NC > 1
  bellchg[1] = true;
#endif
#if NC > 2
  bellchg[2] = true;
#endif
  }
}
inline wake() {                          /* if any seat waits, FUTEX_WAKE all (one load per seat) */
  wk = 0; anyw = false;
  do :: wk < SEATS -> anyw = anyw | waiting[wk]; wk++ :: else -> break od;
  if :: anyw -> d_step { asleepC[0] = false;
#if NC > 1
     asleepC[1] = false;
#endif
#if NC > 2
     asleepC[2] = false;
#endif
     anyw = false; wk = 0 }
     :: else -> wk = 0 fi
}
#endif
#ifdef MUTEX
#ifdef MUT_no_mutex
#define LOCK   skip
#define UNLOCK skip
#else
#define LOCK   atomic { !mtx -> mtx = true }
#define UNLOCK mtx = false
#endif
#else
#define LOCK   skip
#define UNLOCK skip
#endif

/* ------------------------------------------------------------------------------------------------ R: reclaim */
/* the seat's holder is dead and left something */
#define UNCLEAN(i) (state[i] != FREE || pins[i] != 0 || waiting[i] || judged[i])
#define DEAD(i) (lck[i] == 0 && UNCLEAN(i))
inline reclaim(i) {
  d_step { if :: lck[i] == 0 ->                                /* R1 take the seat's lock: the test and the claim */
#ifndef MUT_reclaim_probe
          lck[i] = PROD;
#endif
          ok = true :: else -> ok = false fi };
  if :: ok ->
        if :: UNCLEAN(i) ->
              state[i] = FREE;                                 /* R2 */
              pins[i] = 0;                                     /* R3 */
              waiting[i] = false;                              /* R4 */
#ifndef MUT_reclaim_grant
              d_step { known[i] = false; kgrant[i] = 0 };      /* R4 the grant is forgotten */
#endif
              d_step { gg[i] = 0; gn[i] = 0 };                 /* R4 */
              judged[i] = false;                               /* R5 */
              found = true; stuck = 0
           :: else fi;
#ifndef MUT_reclaim_probe
        lck[i] = 0                                             /* R6 */
#else
        skip
#endif
     :: else fi;
  ok = false
}
#ifdef MEMFD
inline reclaim_all() { found = false }                         /* O10 has done it */
#else
inline reclaim_all() { found = false; rk = 0; do :: rk < SEATS -> reclaim(rk); rk++ :: else -> break od; rk = 0 }
#endif

/* ------------------------------------------------------------------------------------------------ D: demotion */
inline demote(i, g0) {                                         /* whom we judged: generation g0 */
  d_step { judged[i] = true; wgen[i] = g0 };                   /* D2 */
#ifndef MUT_no_recheck
  if :: gen[i] != g0 -> judged[i] = false :: else fi;          /* D3 somebody else sits there now: take it back */
#endif
#ifdef MUT_judge_reread
  MUST(P_dem, !judged[i] || g0 == jg[i]);
#endif
  bump(); wake()                                               /* D4 */
}

/* ------------------------------------------------------------------------------------------------ G: grant */
/* G2 what is left for seat a; grants of seats in state free are forgotten */
inline room_for(a) {
#ifdef MUT_no_forget
  skip;
#else
  j = 0;
  do :: j < SEATS -> d_step { if :: (j != a && STATE(j) == FREE) -> known[j] = false; kgrant[j] = 0 :: else fi; j++ } :: else -> break od;
#endif
  skip; d_step { j = 0; room = kgrant[0] + KGRANT1 + KGRANT2 - kgrant[a]; if :: room > ROOM -> room = 0 :: else -> room = ROOM - room fi }
}
/* seat a is in asking with generation g and has no grant */
inline grant(a) {
  d_step { qm = most[a]; ql = least[a] };                      /* G1 what is asked, one word, */
  if
#ifndef MUT_grant_gen
  :: gen[a] != g -> skip                                       /* G1 then the generation again: another holder, next time */
  :: else ->
#else
  :: true ->
#endif
     room_for(a);                                              /* G2 */
     if :: room < ql ->
#ifndef MUT_grant_reclaim
           reclaim_all();                                      /* G3 what the dead had, */
           room_for(a)                                         /* G2 once more */
#else
           skip
#endif
        :: else fi;
     d_step {                                                  /* G4a note it, */
       known[a] = true; kgen[a] = g; kgrant[a] = 0;
#ifdef MUT_grant_all
       kgrant[a] = qm;
#else
       if :: room >= ql -> kgrant[a] = SHARED(qm, ql, room) :: else fi;
#endif
       MUST(P_room, kgrant[0] + KGRANT1 + KGRANT2 <= ROOM) };
     d_step { gg[a] = g; gn[a] = kgrant[a] };                  /* G4a then say it, one word */
#ifdef MUT_grant_note
     d_step { known[a] = true; kgrant[a] = 0 };                /* said and not noted */
#endif
#if !defined(MUT_ring_grant) && !defined(MEMFD)
     bump(); wake()                                            /* G4b */
#else
     skip
#endif
  fi;
  skip; d_step { qm = 0; ql = 0; room = 0 }
}
#ifdef MEMFD
#define GRANTS false                                           /* O2 does */
#elif defined(HKONLY)
#define GRANTS hk
#else
#define GRANTS true
#endif
#ifdef MUT_verdict_p1
#define VERDICT_ENDS !hk                                       /* only the search for a slot ends a demotion */
#else
#define VERDICT_ENDS true
#endif

/* ------------------------------------------------------------------------------------------------ P: produce */
/* P1 look at each seat: what is needed (mincur), who asks, whose demotion is over */
inline look() {
  mincur = NONE; k = 0;
  do
  :: k < SEATS ->
#ifdef MEMFD
     d_step { g = gen[k]; st = STATE(k) };                     /* P1a is private, P1b */
#else
     g = gen[k];                                               /* P1a */
     st = STATE(k);                                            /* P1b */
#endif
     cu = CURSOR(k);                                           /* P1c */
     if
#if !defined(MUT_no_gen2) && !defined(MEMFD)
     :: gen[k] != g -> skip                                    /* P1d the generation again: read this seat again */
     :: else ->
#else
     :: true ->
#endif
        if :: (VERDICT_ENDS && judged[k] && st != EVERY && st != JOINING) -> judged[k] = false :: else fi;   /* D5 its holder knows, or has gone */
        if :: (GRANTS && st == ASKING && !(known[k] && kgen[k] == g)) -> grant(k) :: else fi;                /* G */
        d_step {
#if HOSTILE == 0
        MUST(P_dem, !WANTS(st) || !judged[k] || wgen[k] == g); /* nobody is taken for judged who is not */
#endif
        bg[k] = g; bc[k] = NONE;
        if :: (WANTS(st) && !judged[k]) ->
           bc[k] = cu; if :: cu < mincur -> mincur = cu :: else fi :: else fi;
        k++; g = 0; st = 0; cu = 0 }
     fi
  :: else -> break
  od;
#ifdef MUT_judge_reread                                        /* the generation is read again after the look that found it behind */
  k = 0; do :: k < SEATS -> d_step { jg[k] = bg[k]; bg[k] = gen[k]; k++ } :: else -> break od;
#endif
  k = 0
}
/* P1, P2: find a slot.  best = slot or NONE. */
inline scan() {
  ok = false;
  look();                                                      /* P1 */
  skip; d_step { tried = lent; best = NONE; oldest = NONE; k = 0 };
  do
  :: skip; d_step { cand = NONE; q = NONE; k = 0;              /* oldest first, not lent, not newest, not needed */
#ifndef MUT_oldest_pinned
        oldest = NONE;                                         /* D1 the oldest that only a cursor keeps: one that is pinned does not count */
#endif
        do :: k < NS ->
              if :: (!(tried & BIT(k)) && (slotseq[k] == 0 || slotseq[k] != head)) ->
                    if :: (slotseq[k] != 0 && slotseq[k] < oldest) -> oldest = slotseq[k] :: else fi;
                    if :: (slotseq[k] < q && (slotseq[k] == 0 || slotseq[k] < mincur)) -> q = slotseq[k]; cand = k :: else fi
                 :: else fi; k++
           :: else -> break od; k = 0 };
     if
     :: cand == NONE -> break
     :: else ->
#ifndef MUT_no_invalidate
        slotseq[cand] = 0;                                     /* P2a invalidate, then look at the pins */
#endif
        pinned = false;
        do
        :: (k < SEATS && !pinned) ->
           pv = PINS(k);                                       /* P2b */
           d_step {
#ifndef MUT_honour
             if :: POP(pv) > kgrant[k] ->                      /* P2b more than the grant, or none: they count as none */
                   MUST(P_ignored, NO_HONEST_HOLDER(k));
                   pv = 0
                :: else fi;
#endif
             if :: pv & BIT(cand) -> pinned = true :: else fi; k++; pv = 0 }
        :: else -> break
        od;
        k = 0;
        if :: pinned -> slotseq[cand] = q; d_step { tried = tried | BIT(cand); pinned = false; q = 0 } /* P2c put it back */
           :: else -> best = cand; break fi
     fi
  od;
  skip; d_step { tried = 0; mincur = 0; q = 0; cand = 0; pinned = false; k = 0 }
}
inline take() {                                                /* the slot is ours: a torn frame would show here */
  d_step { MUST(P_torn, NOBODY_HOLDS(best)); MUST(P_torn, !(writing & BIT(best))); MUST(P_kept, !(uphold & BIT(best)));
  writing = writing | BIT(best); lent = lent | BIT(best);
#ifdef MUT_no_invalidate
  slotseq[best] = 0
#else
  skip
#endif
  }
}
inline publish(s, keep) {                                      /* keep: upstream still has a buffer of the slot */
#ifdef MUT_early_publish
  slotseq[s] = head + 1; rslot[(head + 1) % RING] = s; rseq[(head + 1) % RING] = head + 1;
  writing = writing & (ALL - BIT(s));
#else
#if ENDS > 0
#ifdef MUT_stream_late
  writing = writing & (ALL - BIT(s));
  slotseq[s] = head + 1;
  d_step { stream[s] = ended; truth[head + 1] = ended };
#else
  d_step { stream[s] = ended; truth[head + 1] = ended };       /* P3a the record, Stream = Ended, */
  writing = writing & (ALL - BIT(s));                          /* P3a and the payload are complete */
  slotseq[s] = head + 1;                                       /* P3b */
#endif
#else
  writing = writing & (ALL - BIT(s));                          /* P3a the payload is complete */
  slotseq[s] = head + 1;                                       /* P3b */
#endif
  d_step { rslot[(head + 1) % RING] = s; rseq[(head + 1) % RING] = head + 1 };  /* P3c */
#endif
  head++;                                                      /* P3d */
#ifdef MUT_unlend_early
  d_step { lent = lent & (ALL - BIT(s)); stuck = 0 };
#else
  d_step { if :: keep :: else -> lent = lent & (ALL - BIT(s)) fi; stuck = 0 };   /* P5 for who keeps nothing: the slot comes back at once */
#endif
  bump();                                                      /* P3e */
  wake()                                                       /* P3f */
}
#if ENDS > 0
inline end_stream() {
  if
  :: ended == head + 1 -> skip                                 /* E1 no frame since the last end: the same end */
  :: else ->
     ended = head + 1;                                         /* E2 */
#ifndef MUT_ring_end
     bump(); wake()                                            /* E3 */
#else
     skip
#endif
  fi
#ifdef ENDWAIT
  ; if :: n == 1 -> (tolds || gone > 0) :: else -> skip fi
#endif
}
#endif
/* P1 to P4 until there is a slot (or, with DROP, none).  Called and left with the mutex held. */
inline acquire_wait() {
  ok = false;
again:
  skip;
#ifndef MUT_door_late
#ifdef MEMFD
  load_doors();                                                /* P4a remember the doors, before the scan */
#else
  doorchg = false;                                             /* P4a remember door, before the scan */
#endif
#endif
  scan();
  if
  :: best != NONE -> take()
  :: else ->
     reclaim_all();                                            /* P4b */
#ifndef MUT_rescan
     if :: found -> found = false; goto again :: else fi;      /* P4c reclaimed: scan again, never sleep */
#endif
#ifdef NOSTARVE
     MUST(P_starve, false);
#endif
#ifndef DROP
#ifdef DEMOTE
     if :: true ->                                             /* P4d block-timeout is over: demote who blocks (D1) */
           do :: k < SEATS ->
                 if :: (oldest != NONE && bc[k] <= oldest) -> ok = true; demote(k, bg[k]) :: else fi; k++
              :: else -> break od;
           k = 0;
           if :: ok -> ok = false; goto again :: else fi
#ifndef IMPATIENT
        :: true -> skip
#endif
        fi;
#endif
#ifndef MUT_watch_late
     watched = true;                                           /* who gives a slot back has somebody to wake */
#endif
     UNLOCK;
#ifdef MUT_watch_late
     watched = true;
#endif
#ifdef MUT_door_late
#ifdef MEMFD
     load_doors();
#else
     doorchg = false;
#endif
#endif
     pwait = true;                                             /* P4e announce */
#ifdef MEMFD
     sleep_at_doors();                                         /* P4f wait on the doors with the remembered values */
#else
     d_step { if :: !doorchg -> asleepP = true :: else fi };   /* P4f wait on door with the remembered value */
#if TMO == 2
     skip;
#elif TMO == 3
     (!asleepP || DEAD(0));
#else
     (!asleepP);
#endif
     d_step { asleepP = false; pwait = false };
#endif
     LOCK;
     goto again
#endif
  fi
}
#define PVARS byte k, wk, rk, j, g, st, cu, qm, ql, room, q, pv, mincur, tried, cand, oldest, best; byte bg[SEATS]; byte bc[SEATS]; bool ok, found, pinned, anyw, hk

#ifdef MEMFD
#include "connection.inc"
#endif

/* Publishes.  Without THREADS it finds each slot itself; with THREADS some frames come in slots lent to Upstream. */
chan lend = [3] of { byte };
proctype Render() {
  PVARS; byte f, s, n;
  {
#if defined(AWAIT) && defined(MEMFD)
  skip;
waits:
  LOCK;
  load_doors();                                                /* as P4 */
  do :: (k < SEATS && (STATE(k) == EVERY || STATE(k) == LATEST)) -> k++ :: else -> break od;
  UNLOCK;
  if :: k < SEATS -> pwait = true; sleep_at_doors(); goto waits
     :: else -> k = 0 fi;
#elif defined(AWAIT)
  skip;
seated:
  doorchg = false;                                             /* as P4: the door, a look, asleep */
#ifndef HK
  look();
#endif
  do :: (k < SEATS && (state[k] == EVERY || state[k] == LATEST)) -> k++ :: else -> break od;
  if :: k < SEATS ->
        pwait = true;
        d_step { if :: !doorchg -> asleepP = true :: else fi };
        (!asleepP);
        d_step { asleepP = false; pwait = false; k = 0 };
        goto seated
     :: else -> k = 0 fi;
#endif
  do
#if ENDS > 0
  :: n < ENDS -> n++; LOCK; end_stream(); UNLOCK
#endif
  :: f == FRAMES -> break
  :: f < FRAMES ->
     f++;
#ifdef HKTURN
     if :: hk = true; look(); hk = false :: true fi;           /* H2 */
#endif
#ifdef THREADS
     if
     :: lend?s -> LOCK; publish(s, true); UNLOCK
     :: true ->
#endif
        LOCK;
        acquire_wait();
#ifdef DROP
        if :: best == NONE -> skip :: else -> publish(best, false) fi;
#else
#ifdef KEEPOWN
        uphold = uphold | BIT(best);
        publish(best, true);                                   /* its buffer lives on upstream */
#else
        publish(best, false);
#endif
#endif
        UNLOCK
#ifdef THREADS
     fi
#endif
  od;
#if ENDS > 0 && !defined(MUT_end_closed)
  n = ENDS + 1;
  if :: LOCK; end_stream(); UNLOCK :: skip fi;                 /* an end just before the close, or none */
#endif
#ifdef INTR
  (quiet);                                                     /* so that a ring of the producer cures nothing */
#endif
#if defined(MEMFD) && !defined(MUT_bell_nolock)
  LOCK;
#endif
  closed = true;                                               /* Q1 closed, */
#ifdef MUT_end_closed
  n = ENDS + 1; LOCK; end_stream(); UNLOCK;
#endif
  bump(); wake();                                              /* Q2 bell */
#if defined(MEMFD) && !defined(MUT_bell_nolock)
  UNLOCK;
#endif
#ifdef QUIT
  d_step { pkill = true };                                     /* Q4 the process ends */
#endif
  pdone = true; asleepH = false;
  /* the process stays until every seat is empty, then reclaims once more: all must be clean */
  (gone == NC);
#ifdef THREADS
  (upend);
  do :: lend?s -> d_step { lent = lent & (ALL - BIT(s)); uphold = uphold & (ALL - BIT(s)); writing = writing & (ALL - BIT(s)) } :: empty(lend) -> break od;
#endif
#ifdef MEMFD
  k = 0; do :: k < NC -> (!rend[k]); k++ :: else -> break od; k = 0;
  LOCK;
  do :: k < SEATS -> MUST(P_clean, !seated[k] && owner[k] == 0 && !judged[k]); k++ :: else -> break od;
#else
  LOCK; reclaim_all();
  do :: k < SEATS -> MUST(P_clean, !UNCLEAN(k) && lck[k] == 0); k++ :: else -> break od;
#endif
  MUST(P_clean, lent == 0);
  UNLOCK
  } unless { pkill };
  if :: pkill -> d_step { palive = false; pdone = true; writing = 0; uphold = 0; k = 0;
        do :: k < SEATS -> if :: lck[k] == PROD -> lck[k] = 0 :: else fi; k++ :: else -> break od } :: else fi
}
#ifdef THREADS
#define IN_HAND (uphold & (ALL - writing))                     /* published, and upstream has not given it back */
/* acquire: never waits; what it gets it has published by Render, or gives back unpublished.  After publication it keeps
 * a buffer of the slot for as long as it likes. */
proctype Upstream() {
  PVARS; byte n, s;
  {
  do
  :: (n < UPACQ && !pdone && POP(lent) < LENDMAX) ->
     n++;
     LOCK;
     if :: POP(lent) < LENDMAX -> scan(); if :: best != NONE -> take(); uphold = uphold | BIT(best) :: else fi
        :: else -> best = NONE fi;
     UNLOCK;
     if
     :: best == NONE -> skip
#ifndef NOLEND
     :: best != NONE -> lend!best
#endif
     :: best != NONE ->                                        /* P5a given back unpublished: the slot stays invalid, free */
        LOCK; d_step { writing = writing & (ALL - BIT(best)); uphold = uphold & (ALL - BIT(best)); lent = lent & (ALL - BIT(best)); ok = watched; watched = false }; UNLOCK;
#ifndef MUT_ring_giveback
        if :: ok -> ok = false; ring_own() :: else fi              /* P5b */
#else
        skip
#endif
     fi;
     best = 0
  :: IN_HAND != 0 ->                                           /* P5a given back after publication */
     atomic { if :: IN_HAND & 1 -> s = 0 :: IN_HAND & 2 -> s = 1 :: IN_HAND & 4 -> s = 2 :: IN_HAND & 8 -> s = 3 :: IN_HAND & 16 -> s = 4 fi;
              uphold = uphold & (ALL - BIT(s)) };
     LOCK; d_step { lent = lent & (ALL - BIT(s)); ok = watched; watched = false }; UNLOCK;
     s = 0;
#ifndef MUT_ring_return
     if :: ok -> ok = false; ring_own() :: else fi                 /* P5b */
#else
     skip
#endif
  :: pdone && IN_HAND == 0 -> break
  od;
  upend = true
  } unless { pkill }
}
#endif
#ifdef HK
#ifdef HKWORK                                                  /* only when there is something to do: then a missing ring shows */
#define NOTICES (DEAD(0) || (SEATS > 1 && DEAD(SEATS - 1)))
#else
#define NOTICES false
#endif
proctype Housekeeper() {
  PVARS;
  {
  hk = true;
  do
  :: pdone -> break
  :: else ->
     knocked = false;                                          /* H remember Knock, before the look */
     LOCK;
     reclaim_all();                                            /* H1 under the same mutex */
#ifndef MUT_ring_reclaim
     if :: found -> ring_own() :: else fi;                         /* H1 another thread may be waiting for what became free */
#endif
     found = false;
     look();                                                   /* H2 grant who asks */
     UNLOCK;
     d_step { if :: !knocked -> asleepH = true :: else fi };   /* H sleep at Knock, 50 ms at most */
#if TMO == 2
     skip;
#else
     (!asleepH || pdone || NOTICES);
#endif
     d_step { asleepH = false }
  od
  } unless { pkill }
}
#endif

/* ------------------------------------------------------------------------------------------------ a reader */
#define SLEEP(c) d_step { if :: !bellchg[c] -> asleepC[c] = true :: else fi }
#define IDX(c, s) ((c) * NS + (s))

inline clear_pin(i, s) { pins[i] = pins[i] & (ALL - BIT(s)) }  /* fetch_and */
/* the frame of sequence rq in slot s is given back, by any thread, perhaps a second time */
inline release(c, i, s, rq) {
#ifdef MUT_release_pin_first
  d_step { if :: held[IDX(c,s)] == rq -> hm[c] = hm[c] & (ALL - BIT(s)) :: else fi };   /* ghost: the application lets go */
  clear_pin(i, s);
  d_step { ok = (held[IDX(c,s)] == rq); if :: ok -> held[IDX(c,s)] = 0 :: else fi };
#else
  d_step {                                                     /* C9 the claim: of two releases one is refused */
     ok = (held[IDX(c,s)] == rq);
     if :: ok -> hm[c] = hm[c] & (ALL - BIT(s)) :: else fi;    /* ghost: the application lets go */
#ifdef MUT_release_any
     ok = (held[IDX(c,s)] != 0);
#endif
     if :: ok -> held[IDX(c,s)] = 0 :: else fi
  };
#endif
  if
  :: ok ->
#ifdef MUT_release_order
     hcount[c]--;
     clear_pin(i, s);
#else
#ifndef MUT_release_pin_first
     clear_pin(i, s);                                          /* C10 the bit, */
#endif
     hcount[c]--;                                              /* C11 then the count, which the quota is compared with */
#endif
#ifndef MUT_ring_release
     ring()                                                    /* C12 */
#else
     skip
#endif
  :: else
  fi;
  ok = false
}
/* which held frame to let go: any; with HOLDNEXT the oldest */
#ifdef HOLDNEXT
#define OLDEST(a) (hm[c] & BIT(a)) && (!(hm[c] & BIT(0)) || slotseq[a] <= slotseq[0]) && (!(hm[c] & BIT(1)) || slotseq[a] <= slotseq[1]) && \
                  (NS < 3 || !(hm[c] & 4) || slotseq[a] <= slotseq[NS - 1])
#define PICK d_step { if :: OLDEST(0) -> s = 0 :: OLDEST(1) -> s = 1 :: else -> s = 2 fi }
#else
#define PICK if :: hm[c] & 1 -> s = 0 :: hm[c] & 2 -> s = 1 :: hm[c] & 4 -> s = 2 :: hm[c] & 8 -> s = 3 :: hm[c] & 16 -> s = 4 fi
#endif
/* a frame to give back: s and rq; rq = 0 when another thread was quicker */
#define TAKE(c) atomic { PICK; rq = held[IDX(c,s)] }
#ifdef RELTHREAD
proctype Releaser(byte c) {
  byte i = c % SEATS; byte s, rq; bool ok;
  do
  :: atomic { hm[c] != 0 -> PICK; rq = held[IDX(c,s)] };
     if :: rq != 0 -> release(c, i, s, rq) :: else fi;
#ifdef DOUBLE
     if :: rq != 0 -> release(c, i, s, rq) :: else fi;
#endif
     s = 0; rq = 0
  :: cend[c] && hcount[c] == 0 -> break
  od
}
#endif

inline knock() {                                               /* A8 Knock + 1, then wake the housekeeper */
#if defined(MUT_ring_knock)
  skip
#elif defined(HK)
  knocked = true;
  asleepH = false
#else
  doorchg = true;                                              /* without HK the producer's one thread is its own housekeeper */
  asleepP = false
#endif
}
/* U4 from now on nobody waits for it */
inline unwait() {
  dem = true;
  state[i] = LATEST;                                           /* U4a */
#ifndef MUT_ring_unwait
  ring()                                                       /* U4b */
#else
  skip
#endif
}
#define JUDGED (judged[i] && wgen[i] == mygen)
/* J4 the stream whose end is still to be told to this reader; a resume keeps what it has */
#if ENDS > 0
#ifdef MUT_owed_resume
#define LOAD_OWED owed = ended
#else
#define LOAD_OWED if :: !susp -> owed = ended :: else fi
#endif
#else
#define LOAD_OWED skip
#endif
/* ghosts: head and Ended when this reader was counted */
#if ENDS > 0
#define COUNTED gH = head; if :: gE == NONE -> gE = ended :: else fi
#else
#define COUNTED gH = head
#endif

proctype Consumer(byte c) {
  byte i = c % SEATS; byte h, w, s, q, rq, k, n, mygen, sure, lives = ((c) == 0 -> LIVES : LIVES1), last, gH; bool ev, dem, cl, lost, susp, first, ok, own;
#if AGAIN > 0 || defined(UNWAIT)
  byte again; bool unw;
#endif
#if ENDS > 0
  byte e, owed;
  byte gE = NONE, gJ, r; bool any, told;                       /* ghosts: Ended when counted, when the join began, that was told last; had a frame; told since then */
#endif
life:
  {
  /* -- A: attach */
  d_step { last = 0; dem = false; lost = false; susp = false; mygen = 0; sure = 0 };
#if ENDS > 0
  d_step { gE = NONE; gJ = 0; r = 0; any = false; told = false };
#endif
#ifdef SERVED
  (c == 0 || gone > 0 || closed || !palive);
#endif
attach:
#ifdef MEMFD
  connect();                                                   /* T1 to T9 */
#else
  if :: (!palive || closed) -> goto out :: else fi;            /* A1 probe the producer; A2 is files only */
  if                                                           /* A3 claim a seat that has no verdict */
  :: atomic { (lck[i] == 0 && !judged[i]) -> lck[i] = c + 1 }
  :: (!palive || closed) -> goto out
  fi;
  state[i] = FREE;                                             /* A4a clean what a predecessor left */
#ifndef MUT_pins_late
  pins[i] = 0;                                                 /* A4b */
#endif
  waiting[i] = false;                                          /* A4c */
#ifndef MUT_asked_late
  d_step { most[i] = MOST(c); least[i] = LEASTOF(c) };         /* A5 one word */
#endif
#if HOSTILE > 0
  if :: c == 0 -> if :: goto evil :: skip fi :: else fi;
#endif
#ifdef MUT_asking_early
  state[i] = ASKING;
#endif
#ifdef MUT_no_generation
  mygen = gen[i];
#else
  d_step { mygen = gen[i] + 1; gen[i] = mygen };               /* A6 only the lock's holder writes it */
#endif
  state[i] = ASKING;                                           /* A7 */
#ifdef MUT_asked_late
  d_step { most[i] = MOST(c); least[i] = LEASTOF(c) };
#endif
  knock();                                                     /* A8 */
ask:
  bellchg[c] = false;                                          /* A9 remember the bell, */
  d_step { own = (gg[i] == mygen); if :: own -> n = gn[i] :: else fi };    /* A9 look, */
#ifdef MUT_own_grant
  if :: own -> skip :: else -> own = true; n = LEASTOF(c) fi;  /* it does not wait for its grant */
#endif
  if
  :: own -> own = false
  :: else ->
     if :: closed -> state[i] = FREE; lck[i] = 0; goto attach :: else fi;       /* A9 it has ended */
     waiting[i] = true;                                        /* A9 and sleep */
     SLEEP(c);
#if TMO == 2
     skip;
#else
     (!asleepC[c] || !palive);
#endif
     d_step { asleepC[c] = false };
     waiting[i] = false;
     if :: !palive -> state[i] = FREE; lck[i] = 0; goto attach :: else fi;      /* A9 or died */
     goto ask
  fi;
  if :: n == 0 ->                                              /* A10 refused: the pool is full */
        state[i] = FREE; ring();
        lck[i] = 0;
#ifdef SERVED
        MUST(P_refused, false);
#endif
#ifdef RETRY
        if :: goto attach :: goto out fi
#else
        goto out
#endif
     :: else fi;
  MUST(P_asked, HOSTILE > 0 || (n <= MOST(c) && n >= LEASTOF(c)));
#endif
  d_step { MUST(P_ignored, HOSTILE > 0 || !palive || (known[i] && kgen[i] == mygen && kgrant[i] == n)) };   /* its pins will count */
  d_step { mine[c] = n; MUST(P_room, HOSTILE > 0 || mine[0] + MINE1 + MINE2 <= ROOM) };
  /* -- J: join */
#if MODES == 0
  if :: ev = true :: ev = false fi;
#elif MODES == 1
  ev = true;
#elif MODES == 2
  ev = false;
#else
  ev = (c == 0);
#endif
rejoin:
  skip;
#if ENDS > 0
  d_step { if :: !susp -> gJ = ended :: else fi };
#ifdef MUT_owed_early
  LOAD_OWED;
#endif
#endif
  if
  :: ev && !dem ->
     h = head; cursor[i] = h + 1;                              /* J1 */
     state[i] = JOINING;                                       /* J2 from here on all is kept */
#ifndef MUT_look_once
     h = head;                                                 /* J3 */
     d_step { cursor[i] = h + 1; if :: cursor[i] <= last -> cursor[i] = last + 1 :: else fi };
#endif
#if !defined(MUT_owed_early) && !defined(MUT_owed_late)
     LOAD_OWED;                                                /* J4 after Head, before it is counted */
#endif
     d_step { state[i] = EVERY; COUNTED };                     /* J5 */
#ifdef MUT_owed_late
     LOAD_OWED;
#endif
     last = cursor[i] - 1
  :: else ->
     h = head;                                                 /* J3 */
#ifdef MUT_latest_head
     cursor[i] = h;
#else
     d_step {
     w = GREATER(h, 1);
     if :: w <= last -> w = last + 1 :: else fi;
     cursor[i] = w; w = 0 };
#endif
#if !defined(MUT_owed_early) && !defined(MUT_owed_late)
     LOAD_OWED;                                                /* J4 */
#endif
     d_step { state[i] = LATEST; COUNTED }                     /* J5 */
#ifdef MUT_owed_late
     ; LOAD_OWED
#endif
  fi;
  first = true;
#ifndef MUT_ring_join
  ring();                                                      /* J6 */
#endif
#ifdef MUT_j7_resume
  if :: true ->
#else
  if :: !susp ->                                               /* J7 not at a resume: who was told nothing of the end would miss it */
#endif
        ok = closed || !palive;
        if :: ok && head == h ->                               /* J7 it ended, and this reader was perhaps not seen: */
#if ENDS > 0 && !defined(MUT_j7_head)
              if :: (ended == owed) -> goto giveup :: else fi  /* J7 unless an end was for it */
#else
              goto giveup
#endif
           :: else fi
     :: else fi;
  d_step { h = 0; ok = false };
#if HOSTILE > 0
  if :: c == 0 -> goto evil :: else fi;
#endif
  if :: HUNG -> (closed || !palive) :: else fi;
  /* -- C: consume */
top:
  if
#ifndef RELTHREAD
#ifdef HOLDNEXT
  :: hcount[c] == n && (!(LATCH) || closed || !palive) ->
#else
  :: hcount[c] > 0 && (!(LATCH) || closed || !palive) ->
#endif
     TAKE(c);
     release(c, i, s, rq); s = 0; rq = 0; goto top
#endif
#ifdef LEAVE
  :: LEAVE -> goto leave
#endif
#ifdef SUSP
  :: !susp ->
     susp = true;
     state[i] = SUSPENDED;                                     /* U1 needs nothing, keeps its pins */
#ifndef MUT_ring_suspend
     ring();                                                   /* U2 */
#endif
#ifndef RELTHREAD
     if :: hcount[c] > 0 ->
           TAKE(c);
           release(c, i, s, rq); s = 0; rq = 0
        :: true fi;
#endif
#ifdef RESUME_END
     (closed || !palive);
#endif
#if AGAIN > 0
     dem = JUDGED;
#endif
     goto rejoin                                               /* U3 resume: joins again, from J1, without J4 and J7 */
#endif
#ifdef UNWAIT
  :: ev && !dem && !unw -> unw = true; unwait(); goto top
#endif
#if AGAIN > 0
#ifdef MUT_again_early
  :: ev && dem && again < AGAIN -> again++;
#else
  :: ev && dem && again < AGAIN && !JUDGED -> again++;         /* U5 be waited for again: the producer has seen U4 (D5) */
#endif
     h = head;
     d_step { k = cursor[i]; if :: h + 1 > NS + k -> k = h + 1 - NS :: else fi; dem = false; last = k - 1 };
     cursor[i] = k;                                            /* U5 its own cursor, or what may still be there */
     d_step { k = 0; h = 0; first = false };
     state[i] = EVERY;                                         /* U5 */
#ifdef MUT_again_look
     sure = cursor[i];
#else
     sure = head + 1;                                          /* U5 from here on all is kept; what was published before may be gone */
#endif
     ring();
     goto top
#endif
  :: hcount[c] < n -> skip                                     /* C0 at the quota nothing is pulled */
  fi;
pull:
#ifdef INTR
  if :: intr[c] -> intr[c] = false; goto top :: else fi;
#endif
  bellchg[c] = false;                                          /* C1 remember the bell */
#ifdef MUT_head_first
  h = head; cl = closed;
#else
  cl = closed;                                                 /* C2 the state, */
#if ENDS > 0 && !defined(MUT_ended_last)
  e = ended;                                                   /* C3a then Ended, */
#endif
  h = head;                                                    /* C3b then head */
#if ENDS > 0 && defined(MUT_ended_last)
  e = ended;
#endif
#endif
  if
  :: h < cursor[i] ->                                          /* nothing new */
#if AGAIN > 0
     if :: (ev && !dem && JUDGED) -> unwait() :: else fi;      /* C7d demoted, and has missed nothing yet */
#endif
#if ENDS > 0
     if :: owed != NONE && e > owed ->                         /* C3c the end is told */
           d_step {
             MUST(P_twice, !told);
             MUST(P_end, any || e > gJ);                       /* not one that was over before the join began */
             told = true; tolds = true; r = e; stuck = 0;
#ifdef MUT_owed_again
             owed = e;
#else
             owed = NONE;
#endif
             e = 0; h = 0 };
           goto top
        :: else -> e = 0 fi;
#endif
     if :: (cl || lost) -> goto leave :: else fi;              /* C3d the pool is over */
#if !defined(RELTHREAD) && !defined(HOLDNEXT)
     if :: n > 1 && hcount[c] > 0 -> goto top :: true -> skip fi;      /* with frames in hand it need not sleep */
#endif
#ifdef MEMFD
     sleep_at_bell();                                          /* C4, then again from pull */
#else
     waiting[i] = true;                                        /* C4a announce, */
#ifndef MUT_no_reread
     if :: (head >= cursor[i]) -> waiting[i] = false; goto pull :: else fi;       /* C4b then head and the state again */
     if :: closed -> waiting[i] = false; goto pull :: else fi;
#endif
     SLEEP(c);                                                 /* C4c wait on bell */
#if TMO == 2
     skip;
#elif defined(MUT_no_bound)
     (!asleepC[c]);
#else
     (!asleepC[c] || !palive);                                 /* the limit, where only the producer's death is to be found */
#endif
     d_step { asleepC[c] = false };
     waiting[i] = false;                                       /* C4d */
#ifdef MUT_drain_order
     if :: !palive -> goto leave :: else -> goto pull fi
#else
     if :: !palive -> lost = true :: else fi;                  /* C4e lock seen free: state and head once more, drain */
     goto pull
#endif
#endif
  :: else -> skip
  fi;
  if :: (ev && !dem) -> w = cursor[i]                          /* C5 which sequence: */
     :: else ->
        w = h;
#ifdef MAXAGE
        do :: w > cursor[i] -> w-- :: break od;                /* or any older one: what the clock makes of the times is left open */
#endif
  fi;
  h = 0;
#if ENDS > 0
  e = 0;
#endif
  d_step { if :: rseq[w % RING] == w -> s = rslot[w % RING] :: else -> s = NONE fi };    /* C6 the ring word */
  if :: s == NONE -> s = 0; goto missed :: else fi;
#ifdef MUT_pin_after
  q = slotseq[s];
  pins[i] = pins[i] | BIT(s);
#else
#ifdef MUT_cursor_early
  if :: (ev && !dem) -> cursor[i] = w + 1 :: else fi;
#endif
  d_step { own = ((pins[i] & BIT(s)) != 0); pins[i] = pins[i] | BIT(s) };   /* C7a pin: fetch_or */
  if :: own -> MUST(P_own, false); s = 0; goto missed :: else fi;           /* set already: ours; start again, never clear it */
  q = slotseq[s];                                              /* C7b then validate */
#endif
  if
  :: ((ev && !dem && q == w)
#ifdef MUT_latest_head
      || (!(ev && !dem) && q >= cursor[i])) ->
#else
      || (!(ev && !dem) && q >= cursor[i] && q != 0)) ->
#endif
     MUST(P_torn, !(writing & BIT(s)));
#if ENDS > 0
     MUST(P_torn, stream[s] == truth[q]);                      /* the record is this frame's */
     if :: owed != NONE && stream[s] > owed ->                 /* C8a a frame of a later stream: the end first */
           d_step {
             MUST(P_twice, !told);
             MUST(P_end, any || stream[s] > gJ);
             told = true; tolds = true; r = stream[s]; stuck = 0;
#ifdef MUT_owed_again
             owed = stream[s];
#else
             owed = NONE;
#endif
#ifndef MUT_raise_cursor
             last = q - 1                                      /* C8a a resume (J3) does not go back behind it either */
#else
             skip
#endif
           };
#ifndef MUT_no_raise
           cursor[i] = q;                                      /* C8a nothing older from now on */
#endif
           clear_pin(i, s);                                    /* C8a */
#ifndef MUT_ring_told
           ring();                                             /* C8a */
#endif
           d_step { s = 0; q = 0; w = 0 };
           goto top
        :: else fi;
#endif
     d_step {
       MUST(P_seq0, q != 0);
       MUST(P_back, q > last);
       MUST(P_first, !ev || dem || !first || q <= gH + 1);
       MUST(P_lost, !ev || dem || judged[i] || q == last + 1);
#if ENDS > 0
       MUST(P_early, q >= r);                                  /* no frame of a stream whose end was told */
       MUST(P_end, told || !any || truth[q] <= truth[last]);   /* the end is told between two streams */
       MUST(P_end, told || any || truth[q] <= gE);
       MUST(P_lost, !ev || dem || !first || any || !told || susp || q <= r);    /* told an end with nothing read: nothing of the next stream is missed */
#ifdef MUT_owed_kept
       if :: owed == NONE || stream[s] > owed -> owed = stream[s] :: else fi;
#else
       owed = stream[s];                                       /* C8b also when it is smaller */
#endif
       any = true; told = false;
#endif
       last = q; stuck = 0; first = false;
       hm[c] = hm[c] | BIT(s); held[IDX(c,s)] = q; hcount[c]++ /* C8c */
     };
#ifndef MUT_cursor_early
     cursor[i] = q + 1;                                        /* C8b advance, after the pin */
#endif
     q = 0; s = 0; w = 0;
     goto top
  :: else ->
     clear_pin(i, s);                                          /* C7c trial pin dropped */
     q = 0; s = 0;
#ifndef MUT_ring_trial
     ring();
#endif
     goto missed
  fi;
missed:
  w = 0;
  if :: (ev && !dem) ->                                        /* C7d only a demotion explains it, */
        if
#ifdef MUT_demote_nogen
        :: judged[i] -> MUST(P_dem, wgen[i] == mygen); dem = true
#else
        :: JUDGED -> unwait()
#endif
        :: else ->                                             /* C7e or that it was gone before it was waited for again (U5) */
           MUST(P_gone, cursor[i] < sure);
           d_step { last = cursor[i]; cursor[i] = last + 1 };
           ring()
        fi
     :: else fi;
  goto top;

#if HOSTILE > 0
evil: /* does what it likes to its own seat, then leaves, or stays as it is until the stream ends */
  w = 0;
  do
  :: w < HOSTILE -> w++;
     if :: pins[i] = ALL :: pins[i] = 1 :: pins[i] = 0
#ifndef HOSTPINS
        :: state[i] = EVERY :: state[i] = JOINING :: state[i] = SUSPENDED
        :: cursor[i] = 0 :: cursor[i] = 1 :: cursor[i] = 200 :: waiting[i] = true
#ifdef MEMFD
        :: ring()
#else
        :: gen[i] = 7 :: gen[i] = 0 :: ring()
#endif
#endif
        :: d_step { most[i] = 9; least[i] = 1 }                /* greed */
        :: state[i] = LATEST :: state[i] = FREE
        :: state[i] = ASKING                                   /* asks again, */
#ifdef MEMFD
        :: dn[c] = 0; up[c] = READY                            /* says READY, or says it again */
#else
        :: gen[i]++                                            /* a new generation, */
        :: knock()
#endif
        fi
  :: true -> break
  od;
  w = 0;
  if :: (closed || !palive) -> skip :: true -> skip fi;        /* leaves now or at the end, cleaning or not */
  if :: pins[i] = 0; state[i] = FREE; ring() :: true fi;
#ifdef MEMFD
  mine[c] = 0; disconnect();
#else
  d_step { mine[c] = 0; lck[i] = 0 };
#endif
  goto out;
#endif

leave: /* -- L */
  /* property: `every` has had everything that was published before the end, unless demoted (or it left early) */
#ifndef LEAVE
  MUST(P_lost, !ev || dem || judged[i] || head == last);
#endif
giveup:
  skip;
#if ENDS > 0 && !defined(LEAVE)
  d_step {
    MUST(P_end, told || !any || ended <= truth[last]);
    MUST(P_end, told || any || ended <= gE);
    MUST(P_end, told || !any || ended != head + 1)             /* C3d a clean end was told */
  };
#endif
  d_step { ok = false; h = 0 };
  state[i] = DRAINING;                                         /* L1 needs nothing more */
#ifndef MUT_ring_leave
  ring();                                                      /* L2 */
#endif
#ifdef RELTHREAD
  (hcount[c] == 0);
#else
  do :: hcount[c] > 0 ->
     TAKE(c);
     release(c, i, s, rq); s = 0; rq = 0
  :: else -> break od;
#endif
#ifndef MUT_release_order
  MUST(P_clean, pins[i] == 0);                                 /* what was counted and what was marked agree */
#endif
#ifndef DEMOTE
  MUST(P_dem, !judged[i]);
#endif
  d_step { pins[i] = 0; mine[c] = 0 };                         /* L3 */
  state[i] = FREE;                                             /* L4a */
  waiting[i] = false;                                          /* L4b */
#ifndef MUT_ring_leave
  ring();                                                      /* L5 */
#endif
#ifdef MEMFD
  disconnect();                                                /* L6 */
#else
  lck[i] = 0;                                                  /* L6 */
#endif
out:
  skip
  } unless { kill[c] };
  if :: kill[c] -> d_step {                                    /* the kernel: memory, then locks */
        kill[c] = false; asleepC[c] = false; hm[c] = 0; hcount[c] = 0; mine[c] = 0; stuck = 0;
        k = 0; do :: k < NS -> held[IDX(c,k)] = 0; k++ :: else -> break od; k = 0;
#ifdef MEMFD
        sat[c] = false; if :: conn[c] -> conn[c] = false; rend[c] = palive :: else fi }
#else
        if :: lck[i] == c + 1 -> lck[i] = 0 :: else fi }
#endif
     :: else fi;
  d_step { lives--; h = 0; w = 0; s = 0; q = 0; rq = 0; n = 0; ok = false; own = false; k = 0; last = 0; mygen = 0; ev = false; dem = false; cl = false; lost = false; susp = false; first = false; sure = 0; gH = 0 };
#if AGAIN > 0 || defined(UNWAIT)
  d_step { again = 0; unw = false };
#endif
#if ENDS > 0
  d_step { e = 0; owed = 0; r = 0; any = false; told = false; gJ = 0; gE = NONE };
#endif
  if :: lives > 0 -> goto life :: else fi;
  d_step { gone++; cend[c] = true; stuck = 0 }
}

#if KILLS > 0 || defined(PKILL)
proctype Killer() {
  do
#if KILLS > 0
#ifndef KILL1
  :: d_step { (kills < KILLS && !cend[0]) -> kill[0] = true; kills++ }
#endif
#if NC > 1
  :: d_step { (kills < KILLS && !cend[1]) -> kill[1] = true; kills++ }
#endif
#if NC > 2
  :: d_step { (kills < KILLS && !cend[2]) -> kill[2] = true; kills++ }
#endif
#endif
#ifdef PKILL
  :: d_step { (!pkill && !pdone) -> pkill = true }
#endif
#ifdef MUSTKILL
  :: kills == KILLS || cend[0] -> break
#else
  :: break
#endif
  od
}
#endif
#if TMO == 1
proctype Clock() {                                             /* time passes: every limited sleep ends */
  do
  :: timeout ->
     if :: (gone == NC && pdone) -> break
        :: else -> d_step { MUST(P_hang, stuck < 3); stuck++; asleepP = false; asleepH = false; asleepC[0] = false;
#if NC > 1
           asleepC[1] = false;
#endif
#if NC > 2
           asleepC[2] = false;
#endif
           } fi
  od
}
#endif
init { atomic {
#ifdef MEMFD
  run Connection(0);
#if NC > 1
  run Connection(1);
#endif
#if NC > 2
  run Connection(2);
#endif
#if defined(PKILL) || defined(QUIT)
  run Watcher(0);
#if NC > 1
  run Watcher(1);
#endif
#endif
#ifdef INTR
  run Interrupter(0);
#endif
#endif
  run Render(); run Consumer(0);
#if NC > 1
  run Consumer(1);
#endif
#if NC > 2
  run Consumer(2);
#endif
#ifdef RELTHREAD
  run Releaser(0);
#if NC > 1
  run Releaser(1);
#endif
#endif
#ifdef THREADS
  run Upstream();
#endif
#ifdef HK
  run Housekeeper();
#endif
#if KILLS > 0 || defined(PKILL)
  run Killer();
#endif
#if TMO == 1
  run Clock();
#endif
} }
