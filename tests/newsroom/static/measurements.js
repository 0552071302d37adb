/** The measurements at `source`: [{hour, percent}]. */
export async function load(source) {
  const answer = await fetch(source);
  return answer.json();
}
