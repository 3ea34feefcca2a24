package postgres

import (
	"encoding/json"
	"testing"
	"time"
)

func TestGivenRecordsOfADay_WhenObserved_ThenTheyAreThereWithoutACaller(t *testing.T) {
	db := setup(t)
	wrote := func(before, state string, lasted int) json.RawMessage {
		data, err := json.Marshal(map[string]any{"status": "available", "state": state, "before": before, "lastedMs": lasted})
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	tomorrow := completed("c3")
	tomorrow.Arrived, tomorrow.Queued, tomorrow.Answered, tomorrow.Ended = noon.Add(24*time.Hour), noon.Add(24*time.Hour), noon.Add(25*time.Hour), noon.Add(26*time.Hour)
	err := db.WriteRecords(t.Context(), []Record{
		completed("c1"), abandoned("c2"), tomorrow,
		CallEvent{CallID: "c1", Seq: 1, At: noon, Event: RingNoAnswer, Agent: "a001"},
		AgentEvent{ID: "e2", Agent: "a001", At: noon.Add(time.Minute), Event: "AgentIdle", Data: wrote("wrap-up", "idle", 4500)},
		AgentEvent{ID: "e1", Agent: "a001", At: noon, Event: AgentWrapUp, CallID: "c1", Data: wrote("talking", "wrap-up", 288000)},
	})
	if err != nil {
		t.Fatal(err)
	}
	o, err := db.Observed(t.Context(), noon.Add(-time.Hour), noon.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if len(o.Calls) != 2 || o.Calls[0].Talk != 288*time.Second || !o.Calls[0].Answered || !o.Calls[1].Abandoned || o.Calls[1].Wait != 22*time.Second {
		t.Errorf("calls %+v", o.Calls)
	}
	if len(o.Agents) != 2 || o.Agents[0].Call != "c1" || o.Agents[1].Before != "wrap-up" || o.Agents[1].Lasted != 4500*time.Millisecond || o.Missed != 1 {
		t.Errorf("agents %+v, missed %d", o.Agents, o.Missed)
	}
}
