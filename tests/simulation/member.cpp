// SPDX-License-Identifier: Apache-2.0
#include "tests/simulation/member.hpp"

#include "tests/simulation/node.hpp"

#include <nlohmann/json.hpp>

namespace mykeyv::simulation {

namespace real = mykeyv::cluster;
using real::node_answer;
using std::chrono::milliseconds;

namespace {

real::membership_limits const quick{.gossip_pause = milliseconds{20},
                                    .gossip_pause_with_news = milliseconds{3},
                                    .reconcile_pause = milliseconds{1},
                                    .reconcile_pause_after_departure = milliseconds{3},
                                    .reconcile_pause_after_refusal = milliseconds{10},
                                    .away_after = milliseconds{60},
                                    .settling_patience = milliseconds{18},
                                    .join_attempts_max = 3,
                                    .join_patience = milliseconds{60},
                                    .invitation_patience = milliseconds{200},
                                    .admission_pause = milliseconds{10},
                                    .restore_pause = milliseconds{10}};

}  // namespace

member::member(world& in, cluster& of, node& on, unsigned index, std::uint64_t life)
    : owners{of.id_of(index)},
      core{of.id_of(index), life, owners, in, silence_, *this, quick},
      world_{in},
      cluster_{of},
      node_{on},
      index_{index}
{
}

template <class Do>
auto member::if_alive(Do what)
{
    return [pulse = std::weak_ptr{pulse_}, what = std::move(what)](auto&&... with) mutable {
        if (!pulse.expired()) { what(std::forward<decltype(with)>(with)...); }
    };
}

void member::start()
{
    if (auto const& saved = node_.disk().topology; !saved.empty()) { return begin(real::topology::parse(saved).value()); }
    if (!cluster_.waits_to_be_invited(index_)) { return join(); }
    auto alone = real::topology::single({cluster_.id_of(index_), cluster_.endpoint_of(index_)}).value();
    node_.disk().topology = alone.json();
    begin(std::move(alone));
}

void member::join()
{
    // Whoever starts it knows which cluster it is to come to.
    auto of = index_;
    do { of = world_.below(static_cast<unsigned>(cluster_.nodes.size())); } while (!cluster_.is_of_it(of));
    real::node const self{cluster_.id_of(index_), cluster_.endpoint_of(index_), 1 + world_.below(2)};
    core.ask_to_join(cluster_.endpoint_of(of), self, if_alive([this](real::change_result const& joined) {
                         world_.note("{} asked to join: {}", index_, joined ? "yes" : *joined.why_not);
                         if (!joined) { return world_.after(world_.between(2'000, 50'000), if_alive([this] { join(); })); }
                         ++world_.seen["joined"];
                         node_.disk().topology = joined.text;
                         begin(real::topology::parse(joined.text).value());
                     }));
}

void member::begin(real::topology known)
{
    owners.adopt(std::make_shared<real::topology const>(std::move(known)));
    has_started_ = true;
    core.start(cluster_.endpoint_of(index_));
}

std::string member::situation() const
{
    auto const& known = core.newest();
    auto text = fmt::format("version {} of {}, nodes", known.version(), cluster_.index_of(known.author()));
    for (auto const& n : known.nodes()) { text += fmt::format(" {}{}", cluster_.index_of(n.id), n.leaving ? " (leaving)" : ""); }
    return text;
}

bool member::is_member() const
{
    return has_started_ && core.newest().cluster() == cluster_.founded && core.newest().find(cluster_.id_of(index_)) != nullptr;
}

void member::asked(unsigned by, std::vector<std::string> const& words, std::optional<cluster_id> of, reply then)
{
    using enum node_answer::outcome;
    auto const answers = [](reply to) {
        return [to = std::move(to)](real::change_result const& done) mutable {
            to(done ? node_answer{said, done.text} : node_answer{refused, *done.why_not});
        };
    };
    if (of && *of != core.newest().cluster()) { return then({refused, "this node belongs to another cluster"}); }
    if (words[0] == "GOSSIP") { return then({said, core.gossip_came(words[1])}); }
    if (words[0] == "TOPOLOGY" && words.size() == 1) { return then({said, core.newest().json()}); }
    if (words[0] == "TOPOLOGY") { return core.topology_came(words[1], answers(std::move(then))); }
    auto const number = [](std::string const& text) { return static_cast<std::uint32_t>(std::stoul(text)); };
    if (words[0] == "LEAVE") {
        return core.leave_asked(cluster_.id_of(by), std::stoull(words[1]), node_id::parse(words[2]).value(), answers(std::move(then)));
    }
    if (words[0] == "JOIN") {
        real::node fresh{node_id::parse(words[1]).value(), endpoint::parse(words[2], 0).value(), number(words[3])};
        return core.join_asked(std::move(fresh), answers(std::move(then)));
    }
    core.invited(endpoint::parse(words[1], 0).value(), number(words[2]), answers(std::move(then)));
}

void member::ask(node_id of, std::vector<std::string> words, answered then)
{
    cluster_.ask(index_, cluster_.index_of(of), std::move(words), core.newest().cluster(), if_alive(std::move(then)));
}

void member::ask_stranger(endpoint const& where, std::vector<std::string> words, milliseconds patience, answered then)
{
    auto const once = [then = std::make_shared<answered>(std::move(then))](node_answer const& answer) {
        if (*then) { std::exchange(*then, {})(answer); }
    };
    cluster_.ask(index_, cluster_.index_of(where), std::move(words), {}, if_alive(once));
    world_.after(patience, if_alive([once] { once({node_answer::outcome::none, "no answer in time"}); }));
}

void member::save(std::shared_ptr<real::topology const> wanted, std::function<void(errc)> done)
{
    world_.after(world_.between(50, world_.one_in(10) ? 20'000 : 1'000), if_alive([this, wanted, done] {
                     auto const& trouble = world_.trouble;
                     auto& disk = node_.disk();
                     if (disk.away_until > world_.steady()) { return done(errc::storage_failed); }
                     // Nobody may hear what became of it, or not even of this node.
                     auto const is_lost = world_.one_in(trouble.statement_lost / 20);
                     auto const crashes = world_.one_in(trouble.statement_crashes / 20);
                     if ((!is_lost && !crashes) || world_.one_in(2)) { disk.topology = wanted->json(); }
                     if (crashes) { return node_.crashes(); }
                     done(is_lost ? errc::outcome_unknown : errc::ok);
                 }));
}

void member::adopted(real::topology const& newer)
{
    world_.note("{} has version {} of {}", index_, newer.version(), cluster_.index_of(newer.author()));
    ++world_.seen["topology adopted"];
    cluster_.topology_adopted(index_, newer);
}

void member::want(std::vector<std::pair<slot, node_id>> wishes)
{
    node_.want(std::move(wishes), if_alive([this] { core.wishes_were_lost(); }));
}

void member::want_and_look(std::vector<std::pair<slot, node_id>> wishes, node_id leaving, done_or_why done)
{
    auto const look = [wishes = std::move(wishes), leaving](real::mover& m, unsigned lane) -> std::string {
        auto share = wishes;
        std::erase_if(share, [lane](auto const& each) { return each.first.number() % node::lanes != lane; });
        m.want(std::move(share));
        return m.is_bringing_to(leaving) ? "a slot is on its way there still" : "";
    };
    node_.on_every_lane(look, if_alive(std::move(done)));
}

nlohmann::json member::figures() const { return nlohmann::json::object(); }

void member::hand_code_over(node_id, done_or_why done)
{
    world_.after(world_.between(100, 3'000), if_alive([this, done] { done(world_.one_in(5) ? "no answer" : ""); }));
}

void member::refuse_arrivals(done_or_why done)
{
    node_.on_every_lane([](real::mover& m, unsigned) { return m.refuse_arrivals(); }, if_alive(std::move(done)));
}

void member::give_own_slots_up(done_or_why done)
{
    node_.on_every_lane([](real::mover& m, unsigned) { return m.close_all(); }, if_alive([this, done](std::string const& why_not) {
                            if (!why_not.empty()) { return done(why_not); }
                            node_.on_every_lane([](real::mover& m, unsigned) { return m.give_all_up(); }, if_alive(done));
                        }));
}

void member::take_own_slots_back(done_or_why done)
{
    node_.on_every_lane([](real::mover& m, unsigned) { return m.take_all_back(); }, if_alive(std::move(done)));
}

void member::wake_at(time when)
{
    if (std::exchange(wakes_at_, when) == when) { return; }
    world_.at(std::max(when, world_.steady() + microseconds{1}), if_alive([this, when] {
                  if (wakes_at_ != when) { return; }
                  wakes_at_ = time::max();
                  core.wake();
              }));
}

}  // namespace mykeyv::simulation
