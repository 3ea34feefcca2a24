//go:build race

package phone_test

// atOnce is small here: the race detector makes listening twenty times as dear.
const atOnce = 20
