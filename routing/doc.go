// Package routing decides which agent is offered which waiting call.
//
// # Model
//
// Decide is a pure function from a Snapshot (the moment, the waiting calls, the
// agents, the policy) to a Plan (offers, and the next moment at which time alone
// could change the answer). It reads no clock, does no I/O and keeps nothing.
// Whoever holds the queue takes a snapshot, asks, and commits each offer by
// compare-and-set; an offer that no longer fits is dropped and the next snapshot
// asks again.
//
//	waiting calls ── order ──▶ for each: open rings ──▶ cheapest idle agent ──▶ offer
//	                                         │ nobody idle, crisis
//	                                         └──▶ agent in interruptible wrap-up
//
// The policy works in five steps:
//
//  1. Order. Crisis calls first, all others by time waited plus head start plus
//     the call's own boost. A call marked Head takes the place of the first of
//     its category. Ties go to the earlier arrival, then to the smaller id.
//  2. Rings. Each category names rings of agents, from the best suited outwards.
//     A ring opens when its time has come, or at once when nobody in the open
//     rings is idle and mean handling ÷ busy agents of the open rings is at
//     least as long as the time left until it opens.
//  3. Choice. Among the idle agents of the open rings the one with the least
//     price + LevelCost·delay cost·level − IdleGain·idle time. The price of an
//     agent is the expected cost of a coming call that finds nobody because she
//     was taken (price.go).
//  4. Break-in. A crisis call that finds nobody idle in its open rings may take
//     an agent out of interruptible wrap-up: the nearest level first, then the
//     one who came into it last. Never out of recovery.
//  5. The offer rings for as long as its category says.
//
// # Invariants
//
//   - Law 3: an offer is made only where Profile.Fits allows it. No ring, no
//     overload and no crisis relaxes this. A category's rings are subsets of
//     the call's pool, so an offender's call waits for a male officer.
//   - Only an agent who is Routable is offered a call, or, for a crisis call,
//     one who is BreakInable.
//   - A call and an agent each appear in at most one offer of a plan.
//   - If a call stays without an offer, no idle agent of an open ring is left.
//   - The same snapshot gives the same plan whatever the order of its slices.
//   - Applying a plan and deciding again at any moment before Next offers nothing.
//
// # Where the numbers come from
//
// The levels, head starts, delay costs, timers and price parameters of
// DefaultPolicy are those of the reference day, where they were tuned by
// simulation against models of Asterisk's app_queue and FreeSWITCH's
// mod_callcenter. The family of rules is that of Chan, Koole and L'Ecuyer
// (M&SOM 16(4), 2014): a pair's score is affine in waiting and idle time. Rings
// opened by expected wait and crisis break-in are what neither product has.
// DefaultPolicy differs from the reference in one point: there the offender's
// call overflowed to senior women after 40 s; law 3 forbids that here.
//
// # Cost
//
// Agents with equal abilities form one group, calls with equal needs one class.
// Groups and classes are few and do not grow with the centre; the work is one
// pass over the agents, a sort of the waiting calls, and for each offer one
// look at the groups. Nothing compares each agent with each call.
//
// # What is not here
//
// Cancelling a ringing outbound attempt for a crisis call belongs to the
// dialer; Decide leaves the call without an offer and breakIn marks the place.
// Agents who are dialling out are simply not idle. Pauses after a rejected
// offer end by the agent's own timer and bring a new snapshot.
package routing
