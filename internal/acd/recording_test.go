package acd

import (
	"slices"
	"testing"
)

func TestGivenAPauseThatIsLongInComing_WhenItsEndIsOrdered_ThenItIsCarriedOutAfterIt(t *testing.T) {
	var mutes turns
	var order []string
	arrives, carried := make(chan struct{}), make(chan struct{})
	mutes.then(func() {
		<-arrives
		order = append(order, "pause")
	})
	mutes.then(func() {
		order = append(order, "resume")
		close(carried)
	})
	close(arrives)
	<-carried
	if !slices.Equal(order, []string{"pause", "resume"}) {
		t.Errorf("carried out: %v", order)
	}
}
