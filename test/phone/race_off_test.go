//go:build !race

package phone_test

// atOnce is how many calls talk at the same time in the test of the load.
const atOnce = 100
