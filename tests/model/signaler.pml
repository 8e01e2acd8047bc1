/* The Signaler's protocol: one producer, NC consumers, a pool of NS slots.  Sequentially consistent:
 * every load or store of a shared word is one step (local computation is folded into the step before it).
 *
 * The step ids in the comments are those of docs/protocol.md:  A attach and admission, J join, C consume and
 * release, L leave, U suspend and resume, P produce, R reclaim, D demotion and ban, H housekeeping, Q close.
 * S (start: files and names) is not modelled.
 *
 * Options (-D):
 *   NC consumers, SEATS seats (consumer c sits on seat c % SEATS), NS slots, FRAMES entries, LIVES of each consumer
 *   (LIVES1: of every consumer but number 0),
 *   EOSAT=n the n-th entry is an end of stream,
 *   KILLS consumers killed in all (at any step), KILL1: not number 0, PKILL: the producer may be killed at any step,
 *   MODES 0 each consumer chooses, 1 all `every`, 2 all `latest`, 3 consumer 0 `every`, the others `latest`,
 *   QUOTA pins per seat (QUOTA1: of every consumer but number 0), ADM admission, LENTMIN slots of the formula kept for upstream,
 *   NOSTARVE the producer must never be without a slot, LEAVE=cond consumers for which cond holds may leave at any time (1: all; c==0: number 0),
 *   HOLDNEXT a frame is kept until the quota is reached (with 2: until the next one is there), RESUME_END: resumes only at the end,
 *   HUNG=cond consumers that join and then pull nothing before the pool is closed, LATCH=cond consumers that keep their first frame until then,
 *   FIRST: the other consumers come when number 0 is gone,
 *   MAXAGE: `latest` may read an older entry before the newest,
 *   SUSP suspend and resume, once per life, UNWAIT a reader of `every` may be waited for no longer, once per life, AGAIN n: and be waited for
 *   again, as after a demotion, so many times,
 *   AWAIT nothing is published before all consumers are seated,
 *   RELTHREAD consumer frames are released by a second thread, DOUBLE: which releases each of them twice,
 *   THREADS an upstream thread acquires slots, has them published by render, and gives each back only later
 *   (LENDMAX slots lent at most, UPACQ acquired in all; NOLEND: it gives all back unpublished;
 *   KEEPOWN: it has a buffer of what render published by itself too), HK housekeeping thread, DEMOTE (IMPATIENT: at once), DROP (overflow=drop), BAN,
 *   HOSTILE n: consumer 0 is hostile and does n arbitrary stores to its own seat, HOSTGEN: those include the generation,
 *   TMO 0 sleeps have no limit; 1 when nothing else can happen every sleeper times out (three times in a row without any
 *   progress is an error: a hang that limits do not cure); 2 a sleep may time out at any time (safety only);
 *   3 as 0, but the producer wakes up when seat 0 is dead and not reclaimed (SEATS=1).
 *   MUT_x  one step left out, reordered or done otherwise, see matrix.txt.
 */

/* ---- what must hold.  run.sh finds the property by its number. */
#define MUST(p, x) assert((x) || 0 == p)
#define P_torn   1001   /* a slot is written only when nobody reads it */
#define P_kept   1002   /* a slot is written only when upstream has given it back */
#define P_seq0   1003   /* sequence 0 is never delivered */
#define P_back   1004   /* no sequence is delivered twice, none after a later one */
#define P_lost   1005   /* `every` has each entry from its join to its leave, and to the end of the pool */
#define P_eos    1006   /* an end of stream hides no frame that is still there */
#define P_ban    1007   /* nobody honest is banned */
#define P_dem    1008   /* nobody is demoted who was not behind, nor in another's place */
#define P_starve 1009   /* with admission the producer always finds a slot */
#define P_hang   1010   /* limits end every wait within three rounds */
#define P_own    1011   /* a pin that is set already, on a slot that is wanted: never with an honest producer */
#define P_again  1012   /* no head leads a pull astray more than twice */
#define P_clean  1013   /* at the end every seat is clean, nothing is lent, nothing is pinned */
#define P_room   1015   /* what all who are admitted may pin fits; only who is banned counts as nothing */
#define P_first  1017   /* who was waited for gets the first entry */
#define P_end    1016   /* who was there before the stream's end is told of it, also if it was suspended then */
#define P_gone   1014   /* an entry that `every` wants is gone only under a verdict on oneself */

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
#ifndef LENTMIN
#define LENTMIN 0
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
#ifndef EOSAT
#define EOSAT 0
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
#define NONE   255
#define PROD   254
#define BIT(s) (1 << (s))
#define ALL    (BIT(NS) - 1)
#define POP(x) (((x)&1) + (((x)>>1)&1) + (((x)>>2)&1) + (((x)>>3)&1) + (((x)>>4)&1) + (((x)>>5)&1))
#define MYQUOTA(c) ((c) == 0 -> QUOTA : QUOTA1)
#if defined(THREADS) || defined(HK)
#define MUTEX
#endif

/* ---- pool segment: written by the producer only */
byte slotseq[NS];                        /* 0 = invalid */
byte rslot[RING]; byte rseq[RING];       /* the ring: one 64-bit word per entry */
#define KIND_EOS(q) ((q) == EOSAT)       /* the kind, in the ring word and in the slot's record, follows from the sequence here */
byte head; bool closed;
byte wflag[SEATS]; byte wgen[SEATS];     /* the producer's word about a seat: 0, 1 demoted, 2 banned; whom */
/* ---- seat segment */
#define FREE 0
#define LATEST 1
#define EVERY 2
#define SUSPENDED 3
#define DRAINING 4
byte state[SEATS]; byte gen[SEATS]; byte cursor[SEATS]; byte pins[SEATS]; bool waiting[SEATS]; byte sq[SEATS];
bool pwait;
#if defined(BAN) && defined(ADM)
#define GRANTED                          /* the word Granted of each seat, in the pool segment: generation and quota */
byte gg1[SEATS]; byte gq[SEATS];
byte adq[SEATS];                         /* ghost: what the holder was admitted with */
#endif
/* ---- the kernel: file locks (dropped at death) and futexes.  A futex word matters only in "has it changed since I
 *      looked", so bell and door are one bit per looker, cleared by the look and set by the bump. */
byte lck[SEATS]; byte adm; bool palive = true;
bool doorchg; bool watched; bool bellchg[NC]; bool asleepP; bool asleepC[NC];
/* ---- private to the producer's process */
bool mtx; bool upend; byte lent; byte kgen[SEATS]; byte kquota[SEATS];
/* ---- private to each consumer */
byte held[NC * NS];                      /* sequence of the frame held in each slot, 0: none; the claim of a release is a CAS on it */
byte hcount[NC];                         /* frames held: what the quota is compared with */
/* ---- ghosts */
byte writing;                            /* slots being written */
byte uphold;                             /* slots of which upstream still has a buffer, published or not */
byte hm[NC];                             /* slots on which consumer c holds a delivered frame */
#ifdef MUT_judge_reread
byte gg[SEATS];                          /* the generation whose cursor was looked at */
#endif
bool dirty[SEATS];                       /* a joiner holds the lock and has not cleaned its predecessor's pins yet */
bool kill[NC]; byte kills; bool pkill; byte gone; bool pdone; byte stuck; bool cend[NC];

#ifdef GRANTED
#define UNSEAT(i) adq[i] = 0;
#else
#define UNSEAT(i)
#endif
#if SEATS > 1
#define ADQ1 adq[1]
#else
#define ADQ1 0
#endif
#if HOSTILE > 0
#define NOT_HONEST(k) (lck[k] == 0 || lck[k] == PROD || lck[k] == 1)
#else
#define NOT_HONEST(k) (lck[k] == 0 || lck[k] == PROD)
#endif
#define NOBODY_HOLDS(s) (!(hm[0] & BIT(s)) && HOLD1(s) && HOLD2(s))
#if NC > 1
#define HOLD1(s) (!(hm[1] & BIT(s)))
#else
#define HOLD1(s) true
#endif
#if NC > 2
#define HOLD2(s) (!(hm[2] & BIT(s)))
#else
#define HOLD2(s) true
#endif
#define DIRTY0 dirty[0]
#if SEATS > 1
#define DIRTY1 dirty[1]
#else
#define DIRTY1 false
#endif
#if SEATS > 2
#define DIRTY2 dirty[2]
#else
#define DIRTY2 false
#endif

/* ------------------------------------------------------------------------------------------------ both sides */
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
  k = 0; anyw = false;
  do :: k < SEATS -> anyw = anyw | waiting[k]; k++ :: else -> break od;
  if :: anyw -> d_step { asleepC[0] = false;
#if NC > 1
     asleepC[1] = false;
#endif
#if NC > 2
     asleepC[2] = false;
#endif
     anyw = false }
     :: else fi
}
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

/* ------------------------------------------------------------------------------------------------ the producer */
#if defined(MUT_grant_sum) || defined(MUT_grant_twice)
#define KFORGET(i) kquota[i] = 0;
#define ROOM(k) (NS - 2 - LENTMIN - (kquota[0] + KQ1 - kquota[k]))
#define CUT(q, r) ((r) <= 0 -> 0 : ((q) < (r) -> (q) : (r)))
#if SEATS > 1
#define KQ1 kquota[1]
#else
#define KQ1 0
#endif
#else
#define KFORGET(i)
#endif
/* the seat's holder is dead and left something */
#define DEAD(i) (lck[i] == 0 && (state[i] != FREE || pins[i] != 0 || waiting[i] || wflag[i] != 0))
inline reclaim(i) {
  d_step { if :: lck[i] == 0 ->                                /* R1 take the seat's lock: the test and the claim */
#ifndef MUT_reclaim_probe
          lck[i] = PROD;
#endif
          ok = true :: else -> ok = false fi };
  if :: ok ->
        if :: (state[i] != FREE || pins[i] != 0 || waiting[i] || wflag[i] != 0) ->
              state[i] = FREE;                                 /* R2 */
              pins[i] = 0;                                     /* R3 */
              d_step { waiting[i] = false; sq[i] = 0 };        /* R4 */
#ifdef GRANTED
              d_step { gg1[i] = 0; gq[i] = 0 };                /* R4 */
#endif
              wflag[i] = 0; KFORGET(i)                         /* R5 ban and demotion end here and nowhere else */
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
inline reclaim_all() { found = false; k = 0; do :: k < SEATS -> reclaim(k); k++ :: else -> break od; k = 0 }

inline flag(i, what, g0) {                                     /* ban or demote whom we judged: generation g0 */
  wflag[i] = what; wgen[i] = g0;                               /* D2 one word in fact; wgen is read only with wflag set */
#ifndef MUT_no_recheck
  if :: gen[i] != g0 -> wflag[i] = 0 :: else fi;               /* D3 somebody else sits there now: take it back */
#endif
#if HOSTILE == 0
  MUST(P_ban, wflag[i] != 2);                                  /* no ban stands when all are honest */
#endif
#ifdef MUT_judge_reread
  MUST(P_dem, what != 1 || wflag[i] == 0 || g0 == gg[i]);
#endif
#ifdef GRANTED
  bump();                                                      /* D4 */
  if :: (what == 2 && wflag[i] != 0) -> d_step { gg1[i] = 0; gq[i] = 0 } :: else fi   /* D5 */
#else
  bump()                                                       /* D4 */
#endif
}

#ifdef MUT_grant_twice
/* one newcomer after the other: what does not fit is looked at once more after a reclaim, and then cut */
inline regrant() {
  gk = 0;
  do
  :: gk < SEATS ->
     if
     :: new & BIT(gk) ->
        g = gen[gk]; qv = sq[gk];
        if :: qv > ROOM(gk) ->
              k = 0; do :: k < SEATS -> reclaim(k); k++ :: else -> break od;
              k = 0; do :: k < SEATS -> st = state[k]; if :: (st == FREE || gen[k] != kgen[k]) -> kquota[k] = 0 :: else fi; k++ :: else -> break od;
              found = false
           :: else fi;
        d_step { kgen[gk] = g; kquota[gk] = 0; kquota[gk] = CUT(qv, ROOM(gk)); gg1[gk] = g; gq[gk] = kquota[gk]; st = 0; g = 0; qv = 0 }
     :: else
     fi;
     gk++
  :: else -> break
  od;
  skip; d_step { gk = 0; new = 0; k = 0 }
}
#else
#define regrant() skip
#endif

/* P1, P2: find a slot.  best = slot or NONE. */
inline scan() {
  mincur = NONE; k = 0; ok = false;
  do
  :: k < SEATS ->
     g = gen[k];                                               /* P1a */
     st = state[k];                                            /* P1b */
     cu = cursor[k];                                           /* P1c */
#ifdef BAN
     qv = sq[k];                                            /* P1d */
#endif
     if
#ifndef MUT_no_gen2
     :: gen[k] != g -> skip                                    /* P1e the generation again: read this seat again */
     :: else ->
#else
     :: true ->
#endif
#ifdef DEMOTE
        if :: (st != EVERY && wflag[k] == 1) -> wflag[k] = 0 :: else fi;   /* D6 a demotion ends: its holder knows */
#endif
        d_step {
#ifdef BAN
#if defined(MUT_grant_free)                                    /* the generation is noted before the holder wrote its state */
        if :: st == FREE -> kquota[k] = 0 :: st != FREE && kgen[k] != g -> kquota[k] = qv :: else fi; kgen[k] = g;
#elif defined(MUT_grant_sum)                                   /* what does not fit beside the others' is cut, on one look */
        if :: st == FREE -> kquota[k] = 0
           :: st != FREE && kgen[k] != g -> kgen[k] = g; kquota[k] = 0; kquota[k] = CUT(qv, ROOM(k))
           :: else fi;
#elif defined(MUT_grant_twice)                                 /* the same, on two looks; see regrant() */
        if :: st == FREE -> kquota[k] = 0
           :: st != FREE && kgen[k] != g -> kquota[k] = 0; new = new | BIT(k)
           :: else fi;
#else
        if :: (st != FREE && kgen[k] != g && wflag[k] != 2) -> kgen[k] = g; kquota[k] = qv :: else fi;   /* P1f the grant: once per holder */
#endif
#ifdef GRANTED
        if :: (st != FREE && kgen[k] == g && wflag[k] != 2) -> gg1[k] = g; gq[k] = kquota[k] :: else fi; /* and says so */
#endif
#endif
        bg[k] = g; bc[k] = NONE;
        if :: (st == EVERY && wflag[k] == 0) ->
           bc[k] = cu; if :: cu < mincur -> mincur = cu :: else fi :: else fi;
        k++; g = 0; st = 0; cu = 0; qv = 0 }
     fi
  :: else -> break
  od;
#ifdef MUT_judge_reread                                       /* the generation is read again after the look that found it behind */
  k = 0; do :: k < SEATS -> d_step { gg[k] = bg[k]; bg[k] = gen[k]; k++ } :: else -> break od;
#endif
  regrant();
  skip; d_step { tried = lent; best = NONE; oldest = NONE; k = 0 };
  do
  :: skip; d_step { cand = NONE; q = NONE; k = 0;                    /* oldest first, not lent, not newest, not needed */
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
           pv = pins[k];                                       /* P2b */
#ifdef BAN
           if :: (wflag[k] != 2 && POP(pv) > kquota[k]) ->     /* D1 over quota */
#ifdef MUT_ban_two_loads
                 pv = pins[k]; if :: POP(pv) > kquota[k] -> flag(k, 2, kgen[k]) :: else fi
#else
#ifdef MUT_ban_one_load
                 flag(k, 2, kgen[k])
#else
                 g = gen[k];                                   /* is it the one whose quota we copied? */
                 if :: g == kgen[k] -> flag(k, 2, g) :: else fi
#endif
#endif
              :: else fi;
           if :: wflag[k] == 2 -> pv = 0 :: else fi;
#endif
           d_step { if :: pv & BIT(cand) -> pinned = true :: else fi; k++; pv = 0; g = 0 }
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
  writing = writing & (ALL - BIT(s));                          /* P3a the payload is complete */
  slotseq[s] = head + 1;                                       /* P3b */
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
/* P1 to P4 until there is a slot (or, with DROP, none).  Called and left with the mutex held. */
inline acquire_wait() {
  ok = false;
again:
  skip;
#ifndef MUT_door_late
  doorchg = false;                                             /* P4a remember door, before the scan */
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
     MUST(P_starve, DIRTY0 || DIRTY1 || DIRTY2);               /* only a joiner between claim and cleaning excuses it */
#endif
#ifndef DROP
#ifdef DEMOTE
     if :: true ->                                             /* P4d block-timeout is over: demote who blocks (D1) */
           do :: k < SEATS ->
                 if :: (oldest != NONE && bc[k] <= oldest) -> ok = true; flag(dk, 1, bg[dk]) :: else fi; dk++; k = dk
              :: else -> break od;
           k = 0; dk = 0;
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
     doorchg = false;
#endif
     pwait = true;                                             /* P4e announce */
     d_step { if :: !doorchg -> asleepP = true :: else fi };   /* P4f wait on door with the remembered value */
#if TMO == 2
     skip;
#elif TMO == 3
     (!asleepP || (lck[0] == 0 && (state[0] != FREE || pins[0] != 0)));
#else
     (!asleepP);
#endif
     d_step { asleepP = false; pwait = false };
     LOCK;
     goto again
#endif
  fi
}
#ifdef MUT_grant_twice
#define GVARS ; byte new, gk
#else
#define GVARS
#endif
#define PVARS byte k, dk, g, st, cu, qv, q, pv, mincur, tried, cand, oldest, best; byte bg[SEATS]; byte bc[SEATS]; bool ok, found, pinned, anyw GVARS

/* Publishes.  Without THREADS it finds each slot itself; with THREADS some frames come in slots lent to Upstream. */
chan lend = [3] of { byte };
proctype Render() {
  PVARS; byte f, s;
  {
#ifdef AWAIT
  skip;
seated:
  doorchg = false;                                             /* as P4: the door, a look, asleep */
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
  :: f == FRAMES -> break
  :: else ->
     f++;
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
  closed = true;                                               /* Q1 closed, */
  bump(); wake();                                              /* Q2 bell */
  pdone = true;
  /* the process stays until every seat is empty, then reclaims once more: all must be clean */
  (gone == NC);
#ifdef THREADS
  (upend);
  do :: lend?s -> d_step { lent = lent & (ALL - BIT(s)); uphold = uphold & (ALL - BIT(s)); writing = writing & (ALL - BIT(s)) } :: empty(lend) -> break od;
#endif
  LOCK; reclaim_all();
  do :: k < SEATS -> MUST(P_clean, state[k] == FREE && pins[k] == 0 && !waiting[k] && lck[k] == 0 && wflag[k] == 0); k++ :: else -> break od;
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
        if :: ok -> ok = false; ring() :: else fi              /* P5b */
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
     if :: ok -> ok = false; ring() :: else fi                 /* P5b */
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
proctype Housekeeper() {
  byte k; bool ok, found;
  {
#ifdef HKWORK                                                  /* only when there is something to do: then a missing ring shows */
#define HKGUARD (DEAD(0) || (SEATS > 1 && DEAD(SEATS - 1)))
#else
#define HKGUARD true
#endif
  do :: !pdone && HKGUARD -> LOCK; reclaim_all(); UNLOCK;      /* H1 under the same mutex */
#ifndef MUT_ring_reclaim
        if :: found -> ring() :: else fi;                      /* H1 another thread may be waiting for what became free */
#endif
        found = false
     :: pdone -> break od
  } unless { pkill }
}
#endif

/* ------------------------------------------------------------------------------------------------ a consumer */
#if EOSAT > 0 && !defined(MUT_eos_any)
#define EOS_TOO && !(KIND_EOS(q) && q != w)                   /* an end of stream only if it is what was wanted */
#else
#define EOS_TOO
#endif
#ifdef MUT_eos_nofall
#define FALL_ONCE
#else
#define FALL_ONCE && h != mh
#endif
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

#if AGAIN > 0 || defined(UNWAIT)
#define AGAINVARS ; byte again; bool unw
#else
#define AGAINVARS
#endif
/* from its cursor on the producer is to wait for it */
inline be_waited_for() {
  state[i] = EVERY;                                            /* J4 */
#ifdef MUT_second_look
  sure = cursor[i]
#elif defined(MUT_again_look)
  if :: again > 0 -> sure = cursor[i] :: else -> sure = head + 1 fi
#else
  sure = head + 1                                              /* J5 from here on all is kept; what was published before J4 may be gone */
#endif
#ifdef MUT_store_again
  ; MUST(P_first, sure == cursor[i]); cursor[i] = sure
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
#define JUDGED (wflag[i] != 0 && wgen[i] == mygen)

proctype Consumer(byte c) {
  byte i = c % SEATS; byte h, w, s, q, rq, k, sum, mygen, sure, lives = ((c) == 0 -> LIVES : LIVES1), last; bool ev, dem, cl, lost, susp, ok, own AGAINVARS;
#if EOSAT > 0
  byte born; bool hadend;                                      /* ghosts: head at the join; the end of the stream was told */
  byte mh, ph, pn; bool ended;                                 /* head whose fallback was missed; ghost: misses at one head */
#endif
life:
  {
  /* -- A: attach and admission */
  d_step { last = 0; dem = false; lost = false; susp = false; mygen = 0 };
#if EOSAT > 0
  d_step { born = 0; hadend = false };
#endif
#ifdef FIRST
  (c == 0 || gone > 0 || closed || !palive);
#endif
  if :: (!palive || closed) -> goto out :: else fi;            /* A1 probe the producer; A2 is files only */
attach:
#ifdef ADM
#ifndef MUT_admission_nolock
  atomic { adm == 0 -> adm = c + 1 };                          /* A3a the admission byte */
#endif
#endif
  if                                                           /* A3b claim a seat; skip those with a verdict */
  :: atomic { (lck[i] == 0 && wflag[i] == 0) -> lck[i] = c + 1; dirty[i] = (pins[i] != 0) }
#ifdef ADM
  :: lck[i] != 0 || wflag[i] != 0 -> if :: adm == c + 1 -> adm = 0 :: else fi; 
     if :: (lck[i] == 0 && wflag[i] == 0) || closed || !palive -> skip fi;     /* try again later */
     if :: (!palive || closed) -> goto out :: else -> goto attach fi
#else
  :: (!palive || closed) -> goto out
#endif
  fi;
  state[i] = FREE;                                             /* A4 clean what a predecessor left */
  pins[i] = 0;
  d_step { waiting[i] = false; dirty[i] = false };
#ifdef ADM
  sum = MYQUOTA(c); k = 0;                                     /* A5 sum the quotas of the locked seats */
#ifdef GRANTED
  do
  :: k < SEATS ->
     if
     :: (k != i && lck[k] != 0) ->
        ok = (wflag[k] == 2);
        d_step { s = gg1[k]; q = gq[k] };                      /* one word */
        if
#ifdef MUT_ban_room                                            /* a verdict that does not stand yet counts too */
        :: ok -> MUST(P_room, NOT_HONEST(k))
        :: (!ok && (s != gen[k] || s == 0)) -> sum = sum + sq[k]
        :: (!ok && s == gen[k] && s != 0) -> sum = sum + q
#else
        :: (ok && s == 0 && q == 0) -> MUST(P_room, NOT_HONEST(k))
        :: (!(ok && s == 0 && q == 0) && (s != gen[k] || s == 0)) -> sum = sum + sq[k]
        :: (s == gen[k] && s != 0) -> sum = sum + q
#endif
        fi;
        d_step { ok = false; s = 0; q = 0 }
     :: else
     fi;
     k++
  :: else -> break
  od;
#else
  do :: k < SEATS -> if :: (k != i && lck[k] != 0) -> sum = sum + sq[k] :: else fi; k++ :: else -> break od;
#endif
  k = 0;
  if :: (NS < LENTMIN + 2 + sum) ->                            /* A6 pool full: ring, give up */
        sum = 0; ring();
        lck[i] = 0;
        if :: adm == c + 1 -> adm = 0 :: else fi;
        goto out
     :: else -> sum = 0 fi;
#endif
#ifdef MUT_quota_late
  skip;
#else
#ifdef GRANTED
  d_step { sq[i] = MYQUOTA(c); adq[i] = MYQUOTA(c) };          /* A7 */
  MUST(P_room, HOSTILE > 0 || adq[0] + ADQ1 + 2 + LENTMIN <= NS);
#else
  sq[i] = MYQUOTA(c);                                          /* A7 */
#endif
#endif
#ifdef MUT_adm_early                                           /* A8 before J1 */
  if :: adm == c + 1 -> adm = 0 :: else fi;
#endif
  /* -- J: join */
  d_step { mygen = gen[i] + 1; gen[i] = mygen };               /* J1 (only the lock's holder writes it) */
#ifdef MUT_quota_late
  sq[i] = MYQUOTA(c);
#endif
#ifndef MUT_no_word_check
  if :: wflag[i] != 0 ->                                       /* J2 the producer's word, after J1: judged meanwhile? elsewhere */
        ring(); d_step { sq[i] = 0; UNSEAT(i) skip }; lck[i] = 0;
        if :: adm == c + 1 -> adm = 0 :: else fi;
        goto attach :: else fi;
#endif
#ifdef ADM
  if :: adm == c + 1 -> adm = 0 :: else fi;                    /* A8 */
#endif
#if MODES == 0
  if :: ev = true :: ev = false fi;
#elif MODES == 1
  ev = true;
#elif MODES == 2
  ev = false;
#else
  ev = (c == 0);
#endif
#if HOSTILE > 0
  if :: c == 0 -> goto evil :: else fi;
#endif
rejoin:
  if
  :: ev && !dem ->
     h = head; cursor[i] = h + 1;                              /* J3 */
     be_waited_for();
#if EOSAT > 0 && !defined(MUT_no_end)
     d_step { if :: susp && h > last && KIND_EOS(h) && rseq[h % RING] == h -> hadend = true :: else fi };   /* U3 the end that was missed */
#endif
#if EOSAT > 0
     d_step { if :: !susp -> born = h :: else fi };
#endif
     last = cursor[i] - 1
  :: else ->
     h = head;                                                 /* J3 */
#if EOSAT > 0
     d_step { if :: !susp -> born = h :: else fi };
#endif
#ifdef MUT_latest_head
     cursor[i] = h;
#else
     d_step {
#if EOSAT > 0
     if :: (h > 0 && KIND_EOS(h) && rseq[h % RING] == h) -> h-- :: else fi;   /* the picture that was there last */
#endif
     if :: h == 0 -> h = 1 :: else fi;
     if :: h <= last -> h = last + 1 :: else fi;
     cursor[i] = h };
#endif
     state[i] = LATEST                                         /* J4 */
  fi;
  h = 0;
#ifndef MUT_ring_join
  ring();                                                      /* J6 */
#endif
  if :: HUNG -> (closed || !palive) :: else fi;
  /* -- C: consume */
top:
  if
#ifndef RELTHREAD
#ifdef HOLDNEXT
  :: hcount[c] == MYQUOTA(c) && (!(LATCH) || closed || !palive) ->
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
     goto rejoin                                               /* U3 resume: joins again, from J3 */
#endif
#ifdef UNWAIT
  :: ev && !dem && !unw -> unw = true; unwait(); goto top
#endif
#if AGAIN > 0
#ifdef MUT_again_early
  :: ev && dem && again < AGAIN -> again++;
#else
  :: ev && dem && again < AGAIN && !JUDGED -> again++;         /* U5 waited for again: the producer has seen U4 (D6) */
#endif
     h = head;
     d_step { k = cursor[i]; if :: h + 1 > NS + k -> k = h + 1 - NS :: else fi; dem = false; last = k - 1 };
     cursor[i] = k;                                            /* J3 with its own cursor */
     d_step { k = 0; h = 0 };
     be_waited_for();
     ring();                                                   /* J6 */
     goto top
#endif
  :: hcount[c] < MYQUOTA(c) -> skip                            /* C0 at the quota nothing is pulled */
  fi;
pull:
  bellchg[c] = false;                                          /* C1 remember bell */
#ifdef MUT_head_first
  h = head; cl = closed;
#else
  cl = closed;                                                 /* C2 the state, */
  h = head;                                                    /* C3 then head */
#endif
  if
  :: h < cursor[i] ->                                          /* nothing new */
#if AGAIN > 0
     if :: (ev && !dem && JUDGED) -> unwait() :: else fi;      /* C7d demoted, and has missed nothing yet */
#endif
     if :: (cl || lost) -> goto leave :: else fi;
#if QUOTA > 1 && !defined(RELTHREAD) && !defined(HOLDNEXT)
     if :: hcount[c] > 0 -> goto top :: true -> skip fi;       /* with frames in hand it need not sleep */
#endif
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
  :: else -> skip
  fi;
  if :: (ev && !dem) -> w = cursor[i]                          /* C5 which sequence: */
     :: else ->
        w = h;
#ifdef MAXAGE
        do :: w > cursor[i] -> w-- :: break od;                /* or any older one: what the clock makes of the times is left open */
#endif
#if EOSAT > 0 && !defined(MUT_eos_hides)
        /* an end of stream must not hide the frame before it: ring word, the frame's ring word (one step: they
         * are hints), the frame's slot; once per head, for a producer that probes that slot could mislead us for ever */
        if :: (KIND_EOS(h) && rseq[h % RING] == h && h > cursor[i] && rseq[(h - 1) % RING] == h - 1 FALL_ONCE) ->
              s = rslot[(h - 1) % RING];
#ifdef MUT_eos_nofall
              w = h - 1; s = 0
#else
              if :: slotseq[s] == h - 1 -> w = h - 1 :: else fi; s = 0
#endif
           :: else fi
#endif
  fi;
#if EOSAT > 0
  skip;                                                        /* h is looked at again if this one is missed */
#else
  h = 0;
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
      || (!(ev && !dem) && q >= cursor[i] && q != 0 EOS_TOO)) ->
#endif
     h = 0;
     d_step {
       MUST(P_seq0, q != 0);
       MUST(P_back, q > last);
       MUST(P_lost, !ev || dem || wflag[i] != 0 || q == last + 1);
       MUST(P_torn, !(writing & BIT(s)));
       last = q; stuck = 0;
#if EOSAT > 0
       mh = 0; ph = 0; pn = 0; ended = KIND_EOS(q); hadend = hadend || ended;
       if
       :: KIND_EOS(q) ->
#if EOSAT == FRAMES && !defined(THREADS)
          MUST(P_eos, cursor[i] == q)
#else
          skip
#endif
       :: else -> hm[c] = hm[c] | BIT(s); held[IDX(c,s)] = q; hcount[c]++
       fi
#else
       hm[c] = hm[c] | BIT(s); held[IDX(c,s)] = q; hcount[c]++
#endif
     };
#ifdef MUT_eos_cursor_late
     if :: ended -> clear_pin(i, s); ring(); ended = false :: else fi;
#endif
#ifndef MUT_cursor_early
     cursor[i] = q + 1;                                        /* C8 advance, after the pin */
#endif
#if EOSAT > 0
     if :: ended -> clear_pin(i, s); ring(); ended = false :: else fi;    /* C8 an end of stream is not held: pin dropped, ring */
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
#if EOSAT > 0
  skip;
#endif
#if EOSAT > 0
  d_step {
    if
    :: !ev || dem ->
       if :: h == ph -> pn++ :: else -> ph = h; pn = 1 fi;
       MUST(P_again, pn < 3);
       if :: w != h -> mh = h :: else fi
    :: else
    fi;
    h = 0
  }
#endif
  w = 0;
  if :: (ev && !dem) ->                                        /* C7d only a demotion explains it, */
        if
#ifdef MUT_demote_nogen
        :: (wflag[i] != 0) -> MUST(P_dem, wgen[i] == mygen); dem = true
#else
        :: JUDGED -> unwait()
#endif
        :: else ->                                             /* C7e or that it was published before J4 */
           MUST(P_gone, cursor[i] < sure);
#ifdef AWAIT
           MUST(P_first, false);
#endif
           d_step { last = cursor[i]; cursor[i] = last + 1 };
           ring()
        fi
     :: else fi;
  goto top;

#if HOSTILE > 0
evil: /* writes what it likes to its own seat, then leaves, or stays as it is until the stream ends */
  sum = 0;
  do
  :: sum < HOSTILE -> sum++;
     if :: state[i] = EVERY :: state[i] = LATEST :: state[i] = FREE :: pins[i] = ALL :: pins[i] = 1 :: pins[i] = 0
        :: cursor[i] = 0 :: cursor[i] = 1 :: cursor[i] = 200 :: waiting[i] = true :: sq[i] = 9
#ifdef HOSTGEN
        :: gen[i] = 7 :: gen[i]++ :: gen[i] = 0
#endif
        :: ring() fi
  :: true -> break
  od;
  sum = 0;
  if :: (closed || !palive) -> skip :: true -> skip fi;        /* leaves now or at the end, cleaning or not */
  if :: pins[i] = 0; state[i] = FREE; ring() :: true fi;
  d_step { UNSEAT(i) lck[i] = 0 };
  goto out;
#endif

leave: /* -- L */
  /* property: `every` has had everything that was published before the end, unless demoted (or it left early) */
#ifndef LEAVE
  MUST(P_lost, !ev || dem || wflag[i] != 0 || head == last);
#if EOSAT > 0
  MUST(P_end, hadend || dem || wflag[i] != 0 || !KIND_EOS(head) || born >= head);
#endif
#endif
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
#ifdef BAN
  MUST(P_ban, wflag[i] != 2 || wgen[i] != mygen);
#endif
#ifndef DEMOTE
  MUST(P_dem, wflag[i] != 1);
#endif
  pins[i] = 0;                                                 /* L3 */
  state[i] = FREE;                                             /* L4 */
#ifdef MUT_quota_left
  waiting[i] = false;
#else
  d_step { waiting[i] = false; sq[i] = 0; UNSEAT(i) skip };
#endif
#ifndef MUT_ring_leave
  ring();                                                      /* L5 */
#endif
  d_step { UNSEAT(i) lck[i] = 0 };                             /* L6 */
out:
  skip
  } unless { kill[c] };
  if :: kill[c] -> d_step {                                    /* the kernel: memory, then locks */
        kill[c] = false; asleepC[c] = false; hm[c] = 0; hcount[c] = 0; dirty[i] = false; stuck = 0;
        k = 0; do :: k < NS -> held[IDX(c,k)] = 0; k++ :: else -> break od; k = 0;
        if :: lck[i] == c + 1 -> UNSEAT(i) lck[i] = 0 :: else fi;
        if :: adm == c + 1 -> adm = 0 :: else fi }
     :: else fi;
  d_step { lives--; h = 0; w = 0; s = 0; q = 0; rq = 0; ok = false; own = false; sum = 0; k = 0; last = 0; mygen = 0; ev = false; dem = false; cl = false; lost = false; susp = false; sure = 0 };
#if AGAIN > 0 || defined(UNWAIT)
  d_step { again = 0; unw = false };
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
  :: break
  od
}
#endif
#if TMO == 1
proctype Clock() {                                             /* time passes: every limited sleep ends */
  do
  :: timeout ->
     if :: (gone == NC && pdone) -> break
        :: else -> d_step { MUST(P_hang, stuck < 3); stuck++; asleepP = false; asleepC[0] = false;
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
