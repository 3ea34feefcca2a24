// Package evidence proves recordings, certifies them, opens them for those who
// may hear them, and lets them go when their time is over. It joins the store,
// the chain and the keys; what decides is in package recordings.
package evidence
