// Who reads: the form to sign in, and the button to sign out.

const $ = id => document.getElementById(id);

/**
 * @param session  who reads
 * @param changed  called when that is somebody else
 * @param leaving  called before the reader is sent to the mail
 */
export function showAccount(session, changed, leaving = () => {}) {
  function show() {
    $("session").hidden = !session.isKnown;
    $("sign-in").hidden = session.isSignedIn;
    $("signed-in").hidden = !session.isSignedIn;
    $("who").textContent = session.name;
    say(session.refusal ?? "");
  }

  $("sign-in").addEventListener("submit", async event => {
    event.preventDefault();
    const email = $("email").value.trim();
    if (!$("email").validity.valid || !email) {
      say("Please give an e-mail address.");
      $("email").focus();
      return;
    }
    say("Sending…");
    try {
      leaving();
      await session.signIn(email);
      say("A link is on its way to you. Open it in this browser.");
    } catch (error) {
      say(`No link was sent: ${error.message}.`);
    }
  });
  $("sign-out").addEventListener("click", () => session.signOut());
  session.onChange = () => {
    show();
    changed();
  };
  show();
}

function say(words) {
  $("session-outcome").textContent = words;
}
