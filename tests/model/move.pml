/* Moves: a producer that goes on in up to NI pools, one after the other; sequences and streams go on over a move.  It joins moves with
 * ends of streams and grants.  The step ids are those of docs/protocol.md, as in signaler.pml, and M move, K kept places, V follow.
 *
 * Coarser than signaler.pml, so that moves can be searched: a frame is released at once; what a reader announces before it sleeps is not modelled
 * (a sleep ends when the bell of its pool was rung since it looked, or the producer is dead); the producer is one thread, and its own housekeeper: it
 * sleeps at the door of the pool that it publishes in, until that was rung or what the limit of the sleep would find is there (NOTICES).
 * Files (S, N, M0, the making of M2, M5b) are not modelled: there is always room, and the name always leads somewhere.
 *
 * Options (-D): NI pools at most (the moves come before any frame), NS slots, NC readers, SEATS seats in each pool, FRAMES frames, LIVES of each reader,
 *   MODES as in signaler.pml, ENDS=n the stream ends up to n times between frames, and perhaps once more before the close, ENDMOVE: a move
 *   may come just before the close, LEAVE readers may leave at any time, SUSP suspend and resume once per life, SUSPLONG: until the close,
 *   DEMOTE a block-timeout may be over whenever the producer waits, DEMOTED=cond only seats k for which cond holds are judged, IMPATIENT: at once,
 *   PATIENT: a place that is not kept is not given up while its holder reads on in the old pool,
 *   GRANT readers ask for a pin and the producer grants, ROOM pins in all, KILLS readers killed, PKILL the producer may be killed,
 *   MEMFD the backend memfd: moves over a connection (transfer.inc; without GRANT and HOSTILE: a seat that counts is a grant), QUIT: all
 *   connections end right after the close,
 *   HOSTILE n: reader 0 is hostile and does n arbitrary things to its own seats.
 */
#include "common.inc"

#ifndef NI
#define NI 2
#endif
#ifndef NS
#define NS 2
#endif
#ifndef NC
#define NC 1
#endif
#ifndef SEATS
#define SEATS NC
#endif
#ifndef FRAMES
#define FRAMES 3
#endif
#ifndef LIVES
#define LIVES 1
#endif
#ifndef MODES
#define MODES 0
#endif
#ifndef ENDS
#define ENDS 0
#endif
#ifndef HOSTILE
#define HOSTILE 0
#endif
#ifndef ROOM
#define ROOM NS
#endif
#ifndef DEMOTED
#define DEMOTED true
#endif
#define RING    2
#define RUNNING 0
#define MOVED   1
#define CLOSED  2
#define S(i, s) ((i) * NS + (s))
#define K(i, k) ((i) * SEATS + (k))
#define R(i, q) ((i) * RING + (q) % RING)
#define B(i, c) ((i) * NC + (c))

/* ---- pool segments: written by the producer only */
byte slotseq[NI*NS]; byte rslot[NI*RING]; byte rseq[NI*RING]; byte head[NI]; byte first[NI]; byte pst[NI];
byte rsv[NI*SEATS]; bool kept[NI*SEATS];          /* the word Reserved: generation and kept */
byte verd[NI*SEATS];                              /* the word Verdict: the generation that is demoted, 0 none */
#if ENDS > 0
byte ended[NI]; byte stream[NI*NS];
#endif
#ifdef GRANT
byte gg[NI*SEATS]; byte gn[NI*SEATS];             /* the word Granted */
#endif
/* ---- seat segments */
#ifdef MEMFD
byte state[NI*NC]; byte cursor[NI*NC]; byte pins[NI*NC];         /* each is its reader's alone */
#else
byte state[NI*SEATS]; byte cursor[NI*SEATS]; byte pins[NI*SEATS];
#endif
byte gen[NI*SEATS];
/* ---- the kernel: locks, the name, futexes ("has it changed since I looked") */
byte lck[NI*SEATS]; byte name; bool palive = true; bool door[NI]; bool bell[NI*NC];
/* ---- private to the producer */
byte cur; byte pend;                              /* the pool it publishes in; seats of it whose holders have not come yet */
#ifdef GRANT
bool known[SEATS]; byte kgen[SEATS]; byte kgrant[SEATS];
#endif
/* ---- ghosts */
byte newest; byte writing[NI]; byte holds[NI*NC]; byte gone; byte kills; bool pkill; bool kill[NC]; bool cend[NC]; bool clsd;
bool prom[NC];                                    /* joined before the move: its place, and in `every` its frames, are promised */
#if ENDS > 0
byte truth[FRAMES + 2]; byte gended;                /* what Ended was when each frame was published */
#endif

#if NC > 1
#define HOLDS(i) (holds[B(i,0)] | holds[B(i,1)])
#define NO_HONEST_HOLDER(i, k) ((HOSTILE > 0 || holds[B(i,0)] == 0 || (k) != at[0]) && (holds[B(i,1)] == 0 || (k) != at[1]))
#else
#define HOLDS(i) (holds[B(i,0)])
#define NO_HONEST_HOLDER(i, k) (HOSTILE > 0 || holds[B(i,0)] == 0 || (k) != at[0])
#endif
byte at[NC];                                      /* ghost: on which seat each reader sits */
#define HONEST(c) (HOSTILE == 0 || (c) != 0)
#ifdef GRANT
#if SEATS > 1
#define KGRANTS (kgrant[0] + kgrant[1])
#else
#define KGRANTS (kgrant[0])
#endif
#define FORGET(k) known[k] = false; kgrant[k] = 0
#else
#define FORGET(k) skip
#endif

#ifdef MEMFD
#include "transfer.inc"
#else
#define RS(i, k)     K(i, k)
#define LOCKS
#define UNLOCKS
#define STATE(i, k)  state[K(i,k)]
#define CURSOR(i, k) cursor[K(i,k)]
#define PINS(i, k)   pins[K(i,k)]
#define GONE(c)      !palive
#endif
inline ring_bell(i) {
  d_step { bell[B(i,0)] = true;
#if NC > 1
  bell[B(i,1)] = true;
#endif
  }
}
/* ------------------------------------------------------------------------------------------------ the producer */
/* R of the pool i.  A seat whose holder is still expected has nothing to be reclaimed: its verdict and its grant wait for the holder. */
#ifdef MUT_reclaim_pending
#define EXPECTED(i, k) false
#else
#define EXPECTED(i, k) ((i) == cur && (pend & BIT(k)))
#endif
#ifdef MUT_d5_pending
#define HELD_OVER(k) false
#else
#define HELD_OVER(k) (pend & BIT(k))
#endif
#define UNCLEAN(i, k) (state[K(i,k)] != FREE || pins[K(i,k)] != 0 || verd[K(i,k)] != 0)
#ifdef MEMFD
inline reclaim(i) { skip }                                        /* O10 has done it */
#else
inline reclaim(i) {
  k = 0;
  do :: k < SEATS ->
        d_step { ok = (lck[K(i,k)] == 0 && UNCLEAN(i, k) && !EXPECTED(i, k)); if :: ok -> lck[K(i,k)] = PROD :: else fi };    /* R1 */
        if :: ok ->
              state[K(i,k)] = FREE;                               /* R2 */
              pins[K(i,k)] = 0;                                   /* R3 */
              d_step { if :: i == cur -> FORGET(k) :: else fi };  /* R4 the grant is the new seat's */
              d_step { verd[K(i,k)] = 0; lck[K(i,k)] = 0; found = true }       /* R5, R6 */
           :: else fi; k++
     :: else -> break od;
  k = 0; ok = false
}
#endif
/* K5 the second of a place that is not kept is over: at any time, or with PATIENT only if its holder does not come by itself */
#if defined(PATIENT) && defined(MEMFD)
#define OVER(k) (STATE(cur-1,k) == SUSPENDED || STATE(cur-1,k) == FREE || STATE(cur-1,k) == DRAINING)
#elif defined(PATIENT)
#define OVER(k) (lck[K(cur-1,k)] == 0 || state[K(cur-1,k)] == SUSPENDED || state[K(cur-1,k)] == FREE || state[K(cur-1,k)] == DRAINING)
#else
#define OVER(k) true
#endif
/* K, which the housekeeper does too (H3): the places that are kept for the holders of the last pool's seats.  need: one whose frames are needed */
inline places() {
  need = false; k = 0;
  do :: k < SEATS && pend == 0 -> break
     :: k < SEATS && pend != 0 ->
        if :: pend & BIT(k) ->
#ifdef MUT_k_order
              st = STATE(cur-1,k); g = gen[K(cur-1,k)];
              ok = (STATE(cur,k) != FREE);
#else
              ok = (STATE(cur,k) != FREE);                     /* K1 it has come */
#endif
              if :: ok -> d_step { pend = pend & ~BIT(k); rsv[K(cur,k)] = 0; kept[K(cur,k)] = false }          /* K1 */
                 :: !ok && kept[K(cur,k)] ->
#ifndef MUT_k_order
                       st = STATE(cur-1,k);                    /* K2 its old state, its old generation */
                       g = gen[K(cur-1,k)];
#endif
#ifdef MUT_k_gen
                       g = rsv[K(cur,k)];
#endif
                       if :: st == FREE || st == DRAINING || g != rsv[K(cur,k)] ->
                             d_step { pend = pend & ~BIT(k); rsv[K(cur,k)] = 0; kept[K(cur,k)] = false }       /* K2 it died or left */
                          :: else -> need = true                  /* K3 all from First on is needed */
                       fi
#ifdef MEMFD
                 :: else -> if :: OVER(k) -> give_up(k) :: true -> skip fi          /* K5 a second is over, or not yet */
#else
                 :: else ->                                       /* K5 not kept: a second is over, or not yet */
#ifdef MUT_k_nolock
                       if :: OVER(k) -> d_step { pend = pend & ~BIT(k); rsv[K(cur,k)] = 0; FORGET(k) }
                          :: true -> skip fi
#else
                       if :: d_step { lck[K(cur,k)] == 0 && OVER(k) -> lck[K(cur,k)] = PROD };     /* K5 under the seat's lock: who has it is coming */
                             d_step { pend = pend & ~BIT(k); rsv[K(cur,k)] = 0; FORGET(k); lck[K(cur,k)] = 0 }
                          :: true -> skip fi
#endif
#endif
              fi; skip; d_step { ok = false; st = 0; g = 0 }
           :: else fi; k++
     :: else -> break od;
  k = 0
}
#ifdef GRANT
/* G: seat k asks with generation g */
inline room_for() {
  j = 0;
#ifdef MUT_forget_pending
#define PENDS(j) false
#else
#define PENDS(j) (pend & BIT(j))
#endif
  do :: j < SEATS -> d_step { if :: j != k && state[K(cur,j)] == FREE && !PENDS(j) -> FORGET(j) :: else fi; j++ } :: else -> break od;    /* G2 */
  skip; d_step { j = 0; room = KGRANTS - kgrant[k]; if :: room >= ROOM -> room = 0 :: else -> room = ROOM - room fi }
}
inline grant() {
  if
  :: gen[K(cur,k)] != g -> skip                                   /* G1 */
  :: else ->
     room_for();                                                  /* G2; G3 is in signaler.pml */
     d_step { known[k] = true; kgen[k] = g; kgrant[k] = (room > 0 -> 1 : 0);      /* G4a */
       MUST(P_room, KGRANTS <= ROOM) };
     d_step { gg[K(cur,k)] = g; gn[K(cur,k)] = kgrant[k]; room = 0 };             /* G4a */
     ring_bell(cur)                                               /* G4b */
  fi
}
#endif
/* P1 */
inline look() {
  mincur = NONE; k = 0;
#ifndef MUT_no_need
  if :: need -> mincur = first[cur] :: else fi;                   /* K3 */
#endif
  do :: k < SEATS -> g = gen[K(cur,k)]; st = STATE(cur,k); cu = CURSOR(cur,k);      /* P1a, P1b, P1c */
        if :: gen[K(cur,k)] != g -> skip                          /* P1d */
           :: else ->
              d_step { if :: verd[K(cur,k)] != 0 && st != EVERY && st != JOINING && !HELD_OVER(k) -> verd[K(cur,k)] = 0 :: else fi };    /* D5 */
#ifdef GRANT
              if :: st == ASKING && !(known[k] && kgen[k] == g) -> grant() :: else fi;
#endif
              d_step { bg[k] = 0;
              if :: WANTS(st) && verd[K(cur,k)] == 0 -> bg[k] = g; if :: cu < mincur -> mincur = cu :: else fi :: else fi; k++; st = 0; cu = 0; g = 0 }
        fi
     :: else -> break od;
  k = 0
}
/* what the limit of a sleep at the door finds: a seat to be reclaimed, a kept place whose holder died or left */
#ifdef MEMFD
#define NOTICES_SEAT(k) (((pend & BIT(k)) && !kept[K(cur,k)] && OVER(k)) || \
   ((pend & BIT(k)) && kept[K(cur,k)] && STATE(cur,k) == FREE && (STATE(cur-1,k) == FREE || STATE(cur-1,k) == DRAINING)))
#else
#define NOTICES_SEAT(k) ((lck[K(cur,k)] == 0 && UNCLEAN(cur, k) && !EXPECTED(cur, k)) || \
   ((pend & BIT(k)) && state[K(cur,k)] != FREE && lck[K(cur,k)] == 0) || \
   ((pend & BIT(k)) && !kept[K(cur,k)] && lck[K(cur,k)] == 0 && OVER(k)) || \
   ((pend & BIT(k)) && kept[K(cur,k)] && state[K(cur,k)] == FREE && (lck[K(cur-1,k)] == 0 || state[K(cur-1,k)] == FREE || state[K(cur-1,k)] == DRAINING || gen[K(cur-1,k)] != rsv[K(cur,k)])))
#endif
#if SEATS > 1
#define NOTICES (NOTICES_SEAT(0) || NOTICES_SEAT(1))
#else
#define NOTICES NOTICES_SEAT(0)
#endif
inline dowait() {
  found = false;
  if :: cur > 0 && pend -> reclaim(cur - 1) :: else fi;           /* P4b, in both pools */
  reclaim(cur);
  if :: found -> skip                                             /* P4c */
     :: else ->
#ifdef DEMOTE
     if :: true -> /* block-timeout is over */
           d_step { k = 0; do :: k < SEATS ->
              if :: (pend & BIT(k)) && kept[K(cur,k)] && (DEMOTED) -> verd[K(cur,k)] = rsv[K(cur,k)]; kept[K(cur,k)] = false; found = true;     /* K4 */
                    if :: at[0] == k -> prom[0] = false :: else fi;
#if NC > 1
                    if :: at[1] == k -> prom[1] = false :: else fi;
#endif
                    skip
                 :: else fi; k++
              :: else -> break od; k = 0 };
           do :: k < SEATS ->
              if :: bg[k] != 0 && (DEMOTED) ->
                    verd[K(cur,k)] = bg[k]; found = true;         /* D2 */
                    if :: gen[K(cur,k)] != bg[k] -> verd[K(cur,k)] = 0 :: else fi    /* D3 */
                 :: else fi; k++
              :: else -> break od;
           k = 0;
           if :: found -> ring_bell(cur) :: else fi               /* D4 */
#ifndef IMPATIENT
        :: true -> skip
#endif
     fi;
#endif
     UNLOCKS
     if :: found -> skip :: else -> (door[cur] || NOTICES) fi     /* P4f */
  fi;
  skip; d_step { found = false; k = 0; do :: k < SEATS -> bg[k] = 0; k++ :: else -> break od; k = 0 }
}
inline wait_for_places(some) {
  do :: true -> LOCKS door[cur] = false; places();
#ifdef GRANT
        look();                                                   /* H2 */
#endif
        if :: (some) -> dowait() :: else -> UNLOCKS break fi od;
  skip; d_step { mincur = 0; k = 0; do :: k < SEATS -> bg[k] = 0; k++ :: else -> break od; k = 0 }
}
inline move() {
#ifndef MUT_no_wait
  wait_for_places(need);                                          /* M1 one move after the other */
#endif
#ifdef MEMFD
  LOCKS
  give_up_all();
#endif
  n = cur + 1;                                                    /* M2 the files are made, M2a seats and M2b pool */
#ifdef MUT_name_first
  d_step { head[n] = newest; first[n] = newest + 1 };
  name = n;
#endif
#ifndef MUT_look_first
  pst[cur] = MOVED;                                               /* M3 */
#endif
  k = 0;
  do :: k < SEATS ->
#ifdef MUT_state_first
        st = STATE(cur,k);
        g = gen[K(cur,k)];
#else
        g = gen[K(cur,k)];                                        /* M4a the generation, */
        st = STATE(cur,k);                                     /* M4a then the state */
#endif
        d_step { gen[K(n,k)] = g;                                 /* M4b */
#ifdef GRANT
        if :: st != FREE && st != DRAINING && (st != ASKING || gg[K(cur,k)] == g && gn[K(cur,k)] != 0) ->
#else
        if :: st != FREE && st != DRAINING ->
#endif
              rsv[K(n,k)] = g; kept[K(n,k)] = WANTS(st) && verd[K(cur,k)] != g;
              if :: verd[K(cur,k)] == g -> verd[K(n,k)] = g :: else fi;
#ifdef MEMFD
              gg[K(n,k)] = g;
#endif
#ifdef GRANT
              gg[K(n,k)] = gg[K(cur,k)]; gn[K(n,k)] = gn[K(cur,k)];
              if :: kgen[k] != g -> FORGET(k) :: else fi;
#endif
              np = np | BIT(k)
           :: else -> FORGET(k) fi; st = 0; g = 0; k++ }
     :: else -> break od;
  skip; d_step { k = 0; head[n] = head[cur]; first[n] = head[cur] + 1;      /* M4b */
#if ENDS > 0 && !defined(MUT_no_ended)
    ended[n] = ended[cur];                                        /* M4b */
#endif
    pend = np; np = 0 };
#ifdef MUT_look_first
  pst[cur] = MOVED;
#endif
#ifndef MUT_name_first
  name = n;                                                       /* M5a */
#endif
#ifndef MUT_ring_moved
  ring_bell(cur);                                                 /* M6a */
#endif
  door[cur] = true;                                               /* M6b nobody sleeps there in this model */
  d_step { cur = n; n = 0 }                                       /* M6 */
#ifdef MEMFD
#ifndef MUT_send_late
  ; send_moves()                                                  /* X2 in the hold of M6: before anything is published */
#endif
  ; mtx = false
#endif
}
inline acquire() {
  skip;
again: LOCKS door[cur] = false;                                   /* P4a */
  places();
  look();
  skip; d_step { tried = 0; best = NONE; k = 0 };
  do
  :: true -> d_step { cand = NONE; q = NONE; k = 0;
       do :: k < NS -> if :: !(tried & BIT(k)) && (slotseq[S(cur,k)] == 0 || (slotseq[S(cur,k)] != head[cur] && slotseq[S(cur,k)] < mincur)) && slotseq[S(cur,k)] < q -> q = slotseq[S(cur,k)]; cand = k :: else fi; k++
          :: else -> break od; k = 0 };
     if :: cand == NONE -> break
        :: else -> slotseq[S(cur,cand)] = 0; pinned = false; k = 0;         /* P2a */
           do :: k < SEATS -> pv = PINS(cur,k);                   /* P2b */
                 d_step {
#ifdef GRANT
                   if :: POP(pv) > kgrant[k] -> MUST(P_ignored, NO_HONEST_HOLDER(cur, k)); pv = 0 :: else fi;
#endif
                   pinned = pinned || ((pv & BIT(cand)) != 0); pv = 0; k++ } :: else -> break od; k = 0;
           if :: pinned -> slotseq[S(cur,cand)] = q; d_step { tried = tried | BIT(cand); pinned = false }    /* P2c */
              :: else -> best = cand; break fi
     fi
  od;
  skip; d_step { cand = 0; q = 0; tried = 0; mincur = 0 };
  if :: best == NONE -> dowait(); goto again
     :: else -> d_step { k = 0; do :: k < SEATS -> bg[k] = 0; k++ :: else -> break od; k = 0; need = false } fi
#ifdef MEMFD
  ; mtx = false
#endif
}
#if ENDS > 0
inline end_stream() {
  if :: ended[cur] == head[cur] + 1 -> skip                       /* E1 */
     :: else -> d_step { ended[cur] = head[cur] + 1; gended = newest + 1 };      /* E2 in the pool that frames go to */
        ring_bell(cur)                                            /* E3 */
  fi
}
#endif
proctype Producer() {
  byte f, k, j, g, st, cu, mincur, cand, q, tried, best, n, np, e, pv, room; byte bg[SEATS]; bool pinned, ok, need, found;
  {
  do
#if ENDS > 0
  :: e < ENDS -> e++; end_stream()
#endif
  :: f == FRAMES -> break
  :: f < FRAMES ->
     f++;
     if :: cur < NI - 1 -> move() :: true -> skip fi;
     acquire();
     d_step { MUST(P_torn, !(HOLDS(cur) & BIT(best))); writing[cur] = BIT(best) };
     d_step { writing[cur] = 0;                                   /* P3a */
#if ENDS > 0
       stream[S(cur,best)] = ended[cur]; truth[newest + 1] = gended
#endif
     };
     slotseq[S(cur,best)] = newest + 1;                           /* P3b */
     d_step { rslot[R(cur,newest + 1)] = best; rseq[R(cur,newest + 1)] = newest + 1 };    /* P3c */
     d_step { newest++; head[cur] = newest; best = 0 };           /* P3d */
     ring_bell(cur)                                               /* P3e */
#ifdef MUT_send_late
     ; send_moves()
#endif
  od;
#if ENDS > 0
  if :: end_stream() :: skip fi;
#endif
#ifdef ENDMOVE
  if :: cur < NI - 1 -> move() :: true -> skip fi;
#endif
#ifdef MUT_close_kept
  wait_for_places(need);
#elif !defined(MUT_close_at_once)
  wait_for_places(need || pend);                                  /* Q0 */
#endif
  skip; d_step { pst[cur] = CLOSED; clsd = true };                /* Q1 */
  ring_bell(cur);                                                 /* Q2 */
  name = NONE;                                                    /* Q3a */
#ifdef QUIT
  do :: k < NC -> atomic { !mtx ->                                /* Q4 closes the connections, and O10 stores nothing any more */
#ifdef MUT_gone_words
        if :: owner[at[k]] == k + 1 -> gg[K(cur,at[k])] = 0; rsv[K(cur,at[k])] = 0 :: else fi;
#endif
        pclosed[k] = true; k++ } :: else -> break od;
  k = 0;
  d_step { pkill = true };
#endif
  (gone == NC)
#ifdef MEMFD
  ; k = 0; do :: k < NC -> (!rend[k]); k++ :: else -> break od;
  k = 0; do :: k < SEATS -> MUST(P_clean, owner[k] == 0 && tab[K(cur,k)] == 0); k++ :: else -> break od
#endif
  } unless { pkill };
  if :: pkill -> d_step { palive = false; writing[cur] = 0; k = 0; do :: k < NI*SEATS -> if :: lck[k] == PROD -> lck[k] = 0 :: else fi; k++ :: else -> break od } :: else fi
}

/* ------------------------------------------------------------------------------------------------ a reader */
#if ENDS > 0
#define COUNTED(i) gH = head[i]; if :: gE == NONE -> gE = ended[i] :: else fi
#else
#define COUNTED(i) gH = head[i]
#endif
/* J1 to J6 in pool i; J4 is the caller's */
inline join(i) {
  if :: ev && !dem ->
        w = head[i]; cursor[RS(i,k)] = w + 1;                      /* J1 */
        d_step { state[RS(i,k)] = JOINING; prom[c] = (pst[i] == RUNNING) };        /* J2 */
        w = head[i];
        d_step { cursor[RS(i,k)] = w + 1; if :: cursor[RS(i,k)] <= last -> cursor[RS(i,k)] = last + 1 :: else fi };    /* J3 */
        load_owed(i);                                             /* J4 */
        d_step { state[RS(i,k)] = EVERY; COUNTED(i) }              /* J5 */
     :: else ->
        w = head[i];
        d_step { cursor[RS(i,k)] = GREATER(w, first[i]); if :: cursor[RS(i,k)] <= last -> cursor[RS(i,k)] = last + 1 :: else fi };    /* J3 */
        load_owed(i);                                             /* J4 */
        d_step { state[RS(i,k)] = LATEST; prom[c] = (pst[i] == RUNNING); COUNTED(i) }       /* J5 */
  fi;
  door[i] = true;                                                 /* J6 */
  fresh = true
}
/* J4 only who comes for the first time: a resume, and who comes from the pool before, keeps what it has */
#if ENDS > 0
#ifdef MUT_owed_move
#define KEEPS_OWED (has && !moving)
#else
#define KEEPS_OWED has
#endif
inline load_owed(i) { if :: !KEEPS_OWED -> owed = ended[i]; has = true :: else fi }
#else
inline load_owed(i) { skip }
#endif
/* L in pool i */
inline leave(i) {
  state[RS(i,k)] = DRAINING;                                       /* L1 */
  door[i] = true;                                                 /* L2 */
  pins[RS(i,k)] = 0;                                               /* L3 */
  state[RS(i,k)] = FREE;                                           /* L4a */
  d_step { door[i] = true; lck[K(i,k)] = 0 }                      /* L5, L6 */
}
/* C3c the end that is owed is told first */
#if ENDS > 0
#define OWES_END (owed != NONE && ended[i] > owed)
#else
#define OWES_END false
#endif
#define VERDICT(i) (verd[K(i,k)] == mygen)

proctype Reader(byte c) {
  byte i, j, k, h, w, s, q, last, mygen, lives = LIVES, gH; bool ev, dem, lost, susp, resting, fresh, cont, ok, moving, back;
#if ENDS > 0
  byte e, owed; byte gE = NONE, gJ, r; bool has, any, told;       /* ghosts as in signaler.pml */
#endif
life:
  {
#if MODES == 0
  if :: ev = true :: ev = false fi;
#elif MODES == 1
  ev = true;
#elif MODES == 2
  ev = false;
#else
  ev = (c == 0);
#endif
attach: skip;
  d_step { back = back || resting;                                /* who was suspended and has no place: it resumes here */
    moving = false; lost = false; resting = false; prom[c] = false;
#if ENDS > 0
    if :: !has -> gJ = 0 :: else fi
#endif
  };
#ifdef MEMFD
  connect();                                                      /* T1 to T9 */
#else
  i = name;                                                       /* A1 */
  if :: i == NONE || !palive -> goto out :: else -> skip fi;
  if :: pst[i] != RUNNING -> (name != i || !palive); goto attach :: else -> skip fi;   /* A1 moved or closed: again */
  if :: k = 0 :: SEATS > 1 -> k = SEATS - 1 fi;
#if HOSTILE > 0 && SEATS > 1
  k = c % SEATS;
#endif
#ifndef MUT_no_reserved
  if :: rsv[K(i,k)] != 0 -> if :: goto attach :: goto out fi :: else -> skip fi;       /* A3 reserved: not even tried */
#endif
  if :: verd[K(i,k)] != 0 -> if :: goto attach :: goto out fi :: else -> skip fi;      /* A3 */
  if :: atomic { lck[K(i,k)] == 0 -> lck[K(i,k)] = c + 1; at[c] = k } :: else -> if :: goto attach :: goto out fi fi;    /* A3 */
#ifdef MUT_reserved_late
  if :: rsv[K(i,k)] != 0 -> lck[K(i,k)] = 0; if :: goto attach :: goto out fi :: else -> skip fi;
#endif
  state[RS(i,k)] = FREE;                                           /* A4a */
  pins[RS(i,k)] = 0;                                               /* A4b */
  d_step { gen[K(i,k)]++; mygen = gen[K(i,k)] };                  /* A6 */
#ifdef GRANT
  state[RS(i,k)] = ASKING;                                         /* A7 */
  door[i] = true;                                                 /* A8 the one thread of this producer is its housekeeper */
  do
  :: bell[B(i,c)] = false;                                        /* A9 */
     if :: gg[K(i,k)] == mygen -> break :: else fi;
     if :: pst[i] != RUNNING || !palive -> state[RS(i,k)] = FREE; lck[K(i,k)] = 0; goto attach :: else fi;   /* A9 moved, closed, dead */
     (bell[B(i,c)] || !palive)
  od;
  if :: gn[K(i,k)] == 0 -> state[RS(i,k)] = FREE; door[i] = true; lck[K(i,k)] = 0; goto out :: else fi;      /* A10 */
#endif
#endif
#if HOSTILE > 0
  if :: c == 0 -> goto evil :: else fi;
#endif
#if ENDS > 0
  d_step { if :: !has -> gJ = ended[i] :: else fi };
#endif
  join(i);
  h = w;
#ifdef MUT_j7_state_first
  j = pst[i];
  ok = GONE(c);
#else
  ok = GONE(c);                                                   /* J7 the lock, */
  j = pst[i];                                                     /* J7 then the state */
#endif
#ifdef MUT_j7_moved
  ok = ok || j != RUNNING;
#else
  ok = j == CLOSED || (j == RUNNING && ok);                       /* J7 moved is no reason to leave */
#endif
#if ENDS > 0
  if :: ok && head[i] == h && ended[i] == owed ->                 /* J7 */
#else
  if :: ok && head[i] == h ->                                     /* J7 */
#endif
        d_step { MUST(P_place, !ev || !prom[c] || newest == h);
#if ENDS > 0
          MUST(P_end, any || gended <= gE);
#endif
          ok = false };
        goto giveup
     :: else fi;
  d_step { h = 0; w = 0; j = 0; ok = false };
top:
#ifdef SUSP
  if
  :: back ->
#ifdef MUT_resume_head
     ok = head[i] < cursor[RS(i,k)];
     if :: ok && ev && !dem && pst[i] == MOVED -> ok = false; goto follow :: else -> ok = false fi;
#elif !defined(MUT_resume_once)
     if :: ev && !dem && pst[i] == MOVED ->                       /* U7 after U3: the move may not have seen it. As C2, */
           j = OWES_END;                                          /* C3a, */
           if :: head[i] < cursor[RS(i,k)] -> if :: !j -> goto follow :: else -> j = 0; back = false; goto pull fi      /* and C3b */
              :: else -> j = 0 fi
        :: else -> skip fi;
#endif
     d_step { back = false; gH = newest; prom[c] = prom[c] || (ev && !dem) }      /* U3 who resumes it is told so */
  :: else -> skip
  fi;
#endif
  if
#ifdef SUSP
  :: !susp ->
     d_step { susp = true; resting = true; state[RS(i,k)] = SUSPENDED; prom[c] = false };       /* U1 */
     door[i] = true;                                              /* U2 */
rest:
#ifndef MUT_rest_stay
     if :: pst[i] == MOVED -> goto follow :: else -> skip fi;     /* U7 after U1 */
#endif
#ifdef SUSPLONG
     (clsd || GONE(c));
#endif
     if :: pst[i] == MOVED -> goto follow :: else -> skip fi;     /* U7 before U3 */
     d_step { resting = false; back = true };
     join(i);                                                     /* U3 */
     d_step { w = 0 };
     goto top
#endif
#ifdef LEAVE
  :: goto giveup
#endif
  :: true
  fi;
pull: skip;
  bell[B(i,c)] = false;                                           /* C1 */
  j = pst[i];                                                     /* C2 */
#if ENDS > 0
  e = ended[i];                                                   /* C3a */
#endif
  h = head[i];                                                    /* C3b */
  if
  :: h < cursor[RS(i,k)] ->
#if ENDS > 0
     if :: owed != NONE && e > owed ->                            /* C3c */
           d_step { MUST(P_twice, !told || !HONEST(c)); MUST(P_end, any || e > gJ); told = true; r = e; owed = NONE; e = 0; h = 0; j = 0 };
           goto top
        :: else -> e = 0 fi;
#endif
     if :: ev && !dem && VERDICT(i) -> dem = true; state[RS(i,k)] = LATEST; door[i] = true :: else -> skip fi;    /* C7d, U4a, U4b */
     if :: j == MOVED -> goto follow                              /* C3d */
        :: j == CLOSED || (j == RUNNING && lost) -> goto over     /* C3d */
        :: else -> skip fi;
     (bell[B(i,c)] || GONE(c));                                   /* C4c */
     if :: GONE(c) -> lost = true :: else -> skip fi;             /* C4e */
     goto pull
  :: else -> skip
  fi;
  if :: ev && !dem -> w = cursor[RS(i,k)] :: else -> w = h fi;     /* C5 */
  d_step { h = 0; j = 0;
#if ENDS > 0
    e = 0;
#endif
    if :: rseq[R(i,w)] == w -> s = rslot[R(i,w)] :: else -> s = NONE fi };      /* C6 */
  if :: s == NONE -> s = 0; goto missed :: else -> skip fi;
  pins[RS(i,k)] = pins[RS(i,k)] | BIT(s);                           /* C7a */
  q = slotseq[S(i,s)];                                            /* C7b */
  if
  :: (ev && !dem && q == w) || (!(ev && !dem) && q >= cursor[RS(i,k)] && q != 0) ->
#if ENDS > 0
     if :: owed != NONE && stream[S(i,s)] > owed ->               /* C8a */
           d_step { MUST(P_twice, !told); MUST(P_end, any || stream[S(i,s)] > gJ); told = true; r = stream[S(i,s)]; owed = NONE; last = q - 1 };
           cursor[RS(i,k)] = q;                                    /* C8a */
           pins[RS(i,k)] = pins[RS(i,k)] & ~BIT(s);                 /* C8a */
           door[i] = true;
           d_step { s = 0; q = 0; w = 0 };
           goto top
        :: else fi;
#endif
     d_step { MUST(P_torn, !(writing[i] & BIT(s))); holds[B(i,c)] = holds[B(i,c)] | BIT(s);
       MUST(P_back, q > last);
       MUST(P_lost, !ev || dem || fresh || q == last + 1);        /* nothing lost, over moves too */
       MUST(P_first, !ev || dem || !fresh || !prom[c] || q <= gH + 1);
#if ENDS > 0
       MUST(P_early, q >= r);
       MUST(P_end, told || !any || truth[q] <= truth[last]);
       MUST(P_end, told || any || truth[q] <= gE);
       owed = stream[S(i,s)];                                     /* C8b */
       any = true; told = false;
#endif
       last = q; fresh = false };
     cursor[RS(i,k)] = q + 1;                                      /* C8b */
     d_step { q = 0; w = 0; holds[B(i,c)] = holds[B(i,c)] & ~BIT(s) };
     pins[RS(i,k)] = pins[RS(i,k)] & ~BIT(s); s = 0;                /* C10 */
     door[i] = true;                                              /* C12 */
     goto top
  :: else -> pins[RS(i,k)] = pins[RS(i,k)] & ~BIT(s); d_step { s = 0; q = 0 }; door[i] = true      /* C7c */
  fi;
missed: skip;
  if :: ev && !dem -> MUST(P_gone, VERDICT(i)); dem = true; state[RS(i,k)] = LATEST; door[i] = true :: else -> skip fi; w = 0;   /* C7d, U4a, U4b */
  goto top;

follow: skip;                                                     /* V: to the next pool of the same producer */
  d_step { h = 0; j = 0; w = 0; moving = true };
#ifdef MEMFD
  transfer();                                                     /* X3, X4 */
#else
  j = name;                                                       /* V1 */
  if
  :: j == NONE -> goto lost_it                                    /* V1 none, or another producer's */
#ifdef MUT_name_once
  :: j == i -> (name != i || !palive); if :: !palive -> goto over :: else -> goto follow fi
#else
  :: j == i -> if :: lost -> goto over :: else -> (name != i || !palive) fi; lost = !palive; goto follow      /* V1 not renamed yet; dead before the look: lost */
#endif
#ifdef MUT_over_two
  :: else -> skip
#else
  :: else -> if :: j != i + 1 -> goto newcomer :: else -> skip fi /* V2 only from the one before it */
#endif
  fi;
  if :: atomic { (rsv[K(j,k)] == mygen && lck[K(j,k)] == 0) -> lck[K(j,k)] = c + 1 }      /* V2 */
     :: rsv[K(j,k)] != mygen -> goto newcomer fi;                 /* V2 refused while it is reserved for us: again */
#endif
  d_step { ok = (rsv[K(j,k)] == mygen); cont = ok && kept[K(j,k)] && ev && !dem && state[RS(i,k)] == EVERY };    /* V3 again under the lock, one word */
#ifdef MEMFD
  ok = false;                                                     /* V3.5 looks at Granted */
#else
  if :: !ok -> lck[K(j,k)] = 0; goto newcomer :: else -> ok = false fi;
#endif
  MUST(P_place, !ev || dem || !prom[c] || cont || VERDICT(i) || VERDICT(j));      /* who could be counted is kept */
  if :: ev && !dem && !cont && (VERDICT(i) || VERDICT(j)) -> dem = true :: else -> skip fi;   /* V3 demoted: as after U4 */
#ifdef MUT_leave_first
  leave(i);
#endif
  if :: resting -> state[RS(j,k)] = SUSPENDED                      /* U7 suspended there */
     :: !resting && cont -> cursor[RS(j,k)] = cursor[RS(i,k)];      /* V3 */
           d_step { state[RS(j,k)] = EVERY }                       /* V3 */
     :: !resting && !cont ->
           join(j);                                               /* V3 as who joins, without J4 and J7 */
#ifdef MUT_j7_follow
           if :: !palive && head[j] == w -> h = i; i = j; leave(h); goto over :: else fi;
#endif
           w = 0
  fi;
#if defined(MEMFD) && !defined(MUT_granted_once)
  if :: gg[K(j,k)] != mygen ->                                    /* V3.5 */
        d_step { state[RS(j,k)] = FREE; if :: !cont -> prom[c] = false :: else fi };    /* who has no kept place is promised nothing */
        goto newcomer
     :: else fi;
#endif
#ifndef MUT_ring_come
  door[j] = true;                                                 /* V4 */
#endif
#ifndef MUT_leave_first
  leave(i);                                                       /* V5 */
#endif
#ifdef GRANT
  d_step { if :: pst[j] == RUNNING -> MUST(P_ignored, known[k] && kgen[k] == mygen && kgrant[k] > 0) :: else fi };      /* its pins count */
#endif
  d_step { i = j; j = 0; cont = false; lost = false; moving = false };
#ifdef SUSP
  if :: resting -> goto rest :: else fi;
#endif
  goto top;
newcomer: skip;                                                   /* V2 nothing is reserved: leaves, and comes as anybody who keeps count */
  MUST(P_place, !ev || dem || !prom[c] || VERDICT(i) || verd[K(i+1,k)] == mygen);
  leave(i);
#ifdef MEMFD
  disconnect();
#endif
  d_step { j = 0; moving = true };
#if ENDS > 0 && defined(MUT_owed_newcomer)
  has = false;
#endif
  goto attach;
over: skip;                                                       /* C3d the pool is over */
#ifndef LEAVE
  d_step { MUST(P_lost, !ev || dem || last == newest || fresh || VERDICT(i));
    MUST(P_first, !ev || dem || !fresh || !prom[c] || newest <= gH || VERDICT(i)) };
  MUST(P_lost, resting || head[i] < cursor[RS(i,k)]);                       /* nothing is left unread */
#if ENDS > 0
  MUST(P_end, pst[i] != CLOSED || (ended[i] == head[i] + 1) == (gended == newest + 1));     /* C3d a clean end is a clean end in the last pool too */
  if :: resting -> skip                                           /* U6 it is told when it resumes; not modelled */
     :: else -> d_step { MUST(P_end, told || !any || ended[i] <= truth[last]); MUST(P_end, told || any || ended[i] <= gE); MUST(P_end, told || !any || ended[i] != head[i] + 1) } fi;
#endif
#endif
  goto giveup;
lost_it: skip;
#ifndef LEAVE
#ifdef PATIENT
  MUST(P_place, !prom[c]);                                        /* who comes by itself always comes in time */
#endif
  MUST(P_lost, !ev || dem || fresh || !prom[c] || last == newest || VERDICT(i) || (i < NI - 1 && verd[K(i+1,k)] == mygen) || (i < NI - 2 && verd[K(i+2,k)] == mygen));
  MUST(P_place, !ev || dem || !prom[c] || VERDICT(i) || verd[K(i+1,k)] == mygen);
#endif
giveup:
  leave(i);
#ifdef MEMFD
  disconnect();                                                   /* L6 */
#endif
  goto out;
#if HOSTILE > 0
evil: /* does what it likes to its own seat, follows or not, cleans or not */
  w = 0;
  do
  :: w < HOSTILE -> w++;
     if :: pins[K(i,k)] = BIT(NS) - 1 :: pins[K(i,k)] = 1 :: cursor[K(i,k)] = 0 :: cursor[K(i,k)] = 200
        :: state[K(i,k)] = EVERY :: state[K(i,k)] = LATEST :: state[K(i,k)] = SUSPENDED :: state[K(i,k)] = FREE :: state[K(i,k)] = ASKING
        :: gen[K(i,k)]++
        :: door[i] = true
        :: d_step { name != NONE && name != i && lck[K(name,k)] == 0 -> lck[K(name,k)] = c + 1; i = name }    /* sits down in the new pool, with the old seat */
     fi
  :: true -> break
  od;
  w = 0;
  if :: (clsd || !palive) -> skip :: true -> skip fi;
  if :: pins[K(i,k)] = 0; state[K(i,k)] = FREE; door[i] = true :: true fi;
  d_step { h = 0; do :: h < NI*SEATS -> if :: lck[h] == c + 1 -> lck[h] = 0 :: else fi; h++ :: else -> break od; h = 0 };
#endif
out: skip
  } unless { kill[c] };
  if :: kill[c] -> d_step { kill[c] = false; h = 0; do :: h < NI -> holds[B(h,c)] = 0; h++ :: else -> break od; h = 0;     /* the kernel */
           do :: h < NI*SEATS -> if :: lck[h] == c + 1 -> lck[h] = 0 :: else fi; h++ :: else -> break od; h = 0;
#ifdef MEMFD
           if :: conn[c] -> conn[c] = false; rend[c] = palive :: else fi;
#endif
           skip }
     :: else fi;
  d_step { lives--; i = 0; h = 0; w = 0; s = 0; q = 0; j = 0; k = 0; last = 0; mygen = 0; gH = 0; lost = false; dem = false; susp = false; resting = false; fresh = false; cont = false; ok = false; moving = false; back = false; prom[c] = false };
#if ENDS > 0
  d_step { e = 0; owed = 0; gE = NONE; gJ = 0; r = 0; has = false; any = false; told = false };
#endif
  if :: lives > 0 -> goto life :: else fi;
  d_step { gone++; cend[c] = true }
}
#if defined(KILLS) || defined(PKILL)
proctype Killer() {
  do
#ifdef KILLS
  :: d_step { kills < KILLS && !cend[0] -> kill[0] = true; kills++ }
#if NC > 1
  :: d_step { kills < KILLS && !cend[1] -> kill[1] = true; kills++ }
#endif
#endif
#ifdef PKILL
  :: d_step { !pkill -> pkill = true }
#endif
  :: break
  od
}
#endif
init { atomic { d_step { first[0] = 1 };
#ifdef MEMFD
  run Connection(0);
#if NC > 1
  run Connection(1);
#endif
#endif
  run Producer(); run Reader(0);
#if NC > 1
  run Reader(1);
#endif
#if defined(KILLS) || defined(PKILL)
  run Killer();
#endif
} }
