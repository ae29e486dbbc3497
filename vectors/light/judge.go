//go:build ignore

// Says what the light client of CometBFT makes of each case on its input: one JSON object a line, as
// `lineOf` in attacks.testing.ts writes them; a line with key, message and signature (base 64) asks for that alone. Run it in a module that requires github.com/cometbft/cometbft v0.40.0.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/cometbft/cometbft/crypto/ed25519"
	cmtjson "github.com/cometbft/cometbft/libs/json"
	cmtmath "github.com/cometbft/cometbft/libs/math"
	"github.com/cometbft/cometbft/light"
	coretypes "github.com/cometbft/cometbft/rpc/core/types"
	"github.com/cometbft/cometbft/types"
)

type answers struct {
	Commit     struct{ Result json.RawMessage }
	Validators struct{ Result json.RawMessage }
}

type line struct {
	Name            string
	Trusted, Next   answers
	NowSeconds      int64
	NowNanoseconds  int64
	TrustingSeconds int64
	DriftSeconds    int64
	Numerator       uint64
	Denominator     uint64

	// Of a signature alone.
	Key, Message, Signature []byte
}

func block(shown answers) (*types.LightBlock, error) {
	var commit coretypes.ResultCommit
	if err := cmtjson.Unmarshal(shown.Commit.Result, &commit); err != nil {
		return nil, err
	}
	var validators coretypes.ResultValidators
	if err := cmtjson.Unmarshal(shown.Validators.Result, &validators); err != nil {
		return nil, err
	}
	set, err := types.ValidatorSetFromExistingValidators(validators.Validators)
	if err != nil {
		return nil, err
	}
	return &types.LightBlock{SignedHeader: &commit.SignedHeader, ValidatorSet: set}, nil
}

// A validator that is twice in a set makes CometBFT v0.40.0 panic; whoever falls has not accepted.
func verdict(one line) (answer string) {
	defer func() {
		if fault := recover(); fault != nil {
			fmt.Fprintf(os.Stderr, "%s: panic: %v\n", one.Name, fault)
			answer = "refused"
		}
	}()
	if one.Key != nil {
		if ed25519.PubKey(one.Key).VerifySignature(one.Message, one.Signature) {
			return "accepted"
		}
		return "refused"
	}
	trusted, err := block(one.Trusted)
	if err != nil {
		panic(err)
	}
	next, err := block(one.Next)
	if err != nil {
		return "refused"
	}
	err = light.Verify(trusted.SignedHeader, trusted.ValidatorSet, next.SignedHeader, next.ValidatorSet,
		time.Duration(one.TrustingSeconds)*time.Second, time.Unix(one.NowSeconds, one.NowNanoseconds),
		time.Duration(one.DriftSeconds)*time.Second, cmtmath.Fraction{Numerator: one.Numerator, Denominator: one.Denominator})
	var more light.ErrNewValSetCantBeTrusted
	switch {
	case err == nil:
		return "accepted"
	case errors.As(err, &more):
		return "too-little-trusted-power"
	default:
		fmt.Fprintf(os.Stderr, "%s: %v\n", one.Name, err)
		return "refused"
	}
}

func main() {
	scanner := bufio.NewScanner(os.Stdin)
	scanner.Buffer(nil, 1<<24)
	for scanner.Scan() {
		var one line
		if err := json.Unmarshal(scanner.Bytes(), &one); err != nil {
			panic(err)
		}
		answer, _ := json.Marshal(map[string]string{"name": one.Name, "verdict": verdict(one)})
		fmt.Println(string(answer))
	}
}
