package config

import (
	"reflect"
	"slices"
)

// elsewhere has the comments of fields whose types belong to packages that
// know nothing of files. The key is "package.Type.Field".
var elsewhere = map[string]string{
	"ivr.Menu.Greeting":     "prompt that is played first; empty for none",
	"ivr.Menu.Choices":      "prompt that names the keys; empty for none",
	"ivr.Menu.Limit":        "longest time from her arrival to the queue, 8s at most",
	"ivr.Menu.Linger":       "how long a key is awaited after the last prompt",
	"ivr.Menu.Language":     "the language that speaks first",
	"ivr.Menu.Unclassified": "category of a caller who chooses none",
	"ivr.Menu.Crisis":       "category of danger: two equal keys, and the crisis key",
	"ivr.Menu.Danger":       "the same key pressed twice within this means danger; 0s turns that off here",
	"ivr.Menu.Keys":         "0 to 9, # or * and a digit; each chooses a category or a language",
	"ivr.MenuKey.Category":  "ends the greeting",
	"ivr.MenuKey.Language":  "the choices are spoken again in it",

	"ivr.Waiting.Connecting":     "prompt, once, first",
	"ivr.Waiting.Comfort":        "prompt when there is no figure to tell",
	"ivr.Waiting.CrisisComfort":  "the same for a caller in crisis or danger, who hears no figures",
	"ivr.Waiting.First":          "when the first announcement comes",
	"ivr.Waiting.Every":          "time between two announcements",
	"ivr.Waiting.CrisisEvery":    "time between two comforts in a crisis",
	"ivr.Waiting.Gap":            "least time between two announcements of any kind",
	"ivr.Waiting.PositionNext":   "prompt for who is next",
	"ivr.Waiting.Position":       "prompt that introduces the position",
	"ivr.Waiting.Number":         "numbers are the prompts of this name with -1, -2 … appended",
	"ivr.Waiting.MaxPosition":    "no position above this is spoken; 0 switches it off",
	"ivr.Waiting.Wait":           "expected waits are the prompts of this name with the minutes appended",
	"ivr.Waiting.WaitSteps":      "minutes that have such a prompt; none switches it off",
	"ivr.Waiting.Silent":         "prompt that asks a silent caller to let a key speak",
	"ivr.Waiting.SilentAfter":    "how long she must have been silent",
	"ivr.Waiting.SilentEvery":    "time between two such prompts",
	"ivr.Waiting.PairWithin":     "two equal keys within this mean danger, once she was asked",
	"ivr.Waiting.KeyHeard":       "prompt that confirms a key",
	"ivr.Waiting.DangerHeard":    "prompt that confirms danger",
	"ivr.Waiting.Nobody":         "prompt when nobody who may take the call is logged in",
	"ivr.Waiting.NobodyEvery":    "time between two of these",
	"ivr.Waiting.EmergencyKey":   "key that leads to overflow.number; without overflow.endpoint it does nothing",
	"ivr.Waiting.EmergencyHeard": "prompt that confirms it",

	"routing.Policy.Categories":     "rules for each of categories",
	"routing.Policy.Crisis":         "the category whose rules govern every crisis call",
	"routing.Policy.Default":        "the category for calls of one that is no longer listed",
	"routing.Policy.BreakIn":        "a crisis call may take an agent out of interruptible after-call work",
	"routing.Policy.MeanHandling":   "talk and after-call work of the average call; measure it",
	"routing.Policy.LevelCost":      "seconds of a caller's delay that one level of suitability is worth",
	"routing.Policy.IdleGain":       "taken off an agent's score per second of idleness: spreads the work",
	"routing.Policy.IdleCap":        "idleness beyond this counts no more",
	"routing.Policy.WiderRing":      "cost of being served by the less suited, as waiting time",
	"routing.Policy.Heavy":          "spreads heavy calls; never a block",
	"routing.Policy.Forecast":       "the demand that prices look ahead to; a quarter off does not matter",
	"routing.Category.Name":         "one of categories",
	"routing.Category.HeadStart":    "added to the time waited when calls are ordered",
	"routing.Category.DelayCost":    "what a second of waiting costs, relative to others",
	"routing.Category.RingFor":      "ring-no-answer after this",
	"routing.Category.Heavy":        "spread by routing.heavy",
	"routing.Category.Rings":        "whom it is offered to, from the best suited outwards",
	"routing.Category.Share":        "forecast: share of all calls",
	"routing.Category.ByLanguage":   "forecast: splits by the shares of languages",
	"routing.Category.Pool":         "forecast: women or male-officers; what binds is the line's kind",
	"routing.Ring.After":            "opens when the call has waited this long, earlier if nobody is idle",
	"routing.Ring.Skills":           "she has one of counsellor, senior, trained, inbound; none asks for no skill",
	"routing.Ring.Without":          "she has none of these",
	"routing.Ring.Language":         "caller, any, or a language code",
	"routing.Heavy.Calls":           "an agent who had this many heavy calls …",
	"routing.Heavy.Within":          "… within this time …",
	"routing.Heavy.Penalty":         "… costs this much more for the next",
	"routing.Forecast.CallsPerHour": "a flat rate will do",
	"routing.Forecast.Languages":    "shares of callers' languages",
	"routing.LanguageShare.Code":    "language code",
	"routing.LanguageShare.Share":   "0 to 1",
}

func docOf(t reflect.Type, field reflect.StructField) string {
	if doc := field.Tag.Get("doc"); doc != "" {
		return doc
	}
	return elsewhere[t.String()+"."+field.Name]
}

func sortedKeys(v reflect.Value) []string {
	keys := make([]string, 0, v.Len())
	for _, k := range v.MapKeys() {
		keys = append(keys, k.String())
	}
	slices.Sort(keys)
	return keys
}
