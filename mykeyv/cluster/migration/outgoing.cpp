// SPDX-License-Identifier: Apache-2.0
#include "mykeyv/cluster/migration/outgoing.hpp"

#include "mykeyv/cluster/mutants.hpp"

#include <utility>

namespace mykeyv::cluster {

enum outgoing::next outgoing::next_step() const noexcept
{
    auto const on_the_way = last_sent_ - last_acknowledged_;
    if (phase_ != phase::copying || on_the_way >= limits_->portions_on_the_way_max) { return next::wait; }
    if (!scanned_all_) { return next::scan; }
    auto const too_many = dirty_.size() > limits_->cut_over_keys_max || dirty_bytes_ > limits_->portion_bytes;
    auto const is_answered_for = on_the_way == 0 || mutant(mutants::answers_not_awaited);
    if (!too_many || (parked_ && dirty_.empty())) { return is_answered_for ? next::cut_over : next::wait; }
    if (!parked_ && rounds_ >= limits_->resend_rounds_max) { return next::park; }
    return next::resend;
}

void outgoing::scanned(std::optional<std::string_view> last_key, bool end)
{
    if (last_key) { (cursor_ = *last_key).push_back('\0'); }  // the next key in the order of bytes
    scanned_all_ = end;
}

std::uint64_t outgoing::sending(packed_rows const& rows)
{
    records_sent_ += rows.records();
    bytes_sent_ += rows.bytes();
    bytes_on_the_way_ += rows.bytes();
    on_the_way_.push_back(rows.bytes());
    return ++last_sent_;
}

void outgoing::acknowledged(std::uint64_t number) noexcept
{
    if (number != last_acknowledged_ + 1 || on_the_way_.empty()) { return; }
    last_acknowledged_ = number;
    bytes_on_the_way_ -= on_the_way_.front();
    on_the_way_.pop_front();
}

void outgoing::written(std::string_view key, std::size_t value_bytes)
{
    if (phase_ != phase::copying || (!scanned_all_ && key >= cursor_)) { return; }
    if (mutant(mutants::cursor_key_forgotten) && !scanned_all_ && std::string{key} + '\0' == cursor_) { return; }
    if ((mutant(mutants::dirty_writes_forgotten) || mutant(mutants::summary_not_compared)) && value_bytes > 0) { return; }
    if (mutant(mutants::dirty_erasures_forgotten) && value_bytes == 0) { return; }
    auto const [place, fresh] = dirty_.try_emplace(std::string{key}, 0);
    dirty_bytes_ += value_bytes + (fresh ? key.size() : 0);
    dirty_bytes_ -= std::exchange(place->second, value_bytes);
}

std::vector<std::string> outgoing::take_dirty()
{
    std::vector<std::string> taken;
    std::size_t bytes = 0;
    while (!dirty_.empty() && (taken.empty() || (bytes <= limits_->portion_bytes && taken.size() < limits_->dirty_keys_per_portion))) {
        auto place = dirty_.lower_bound(round_at_);
        if (place == dirty_.end()) {
            ++rounds_;
            place = dirty_.begin();
        }
        auto first = dirty_.extract(place);
        auto const size = first.key().size() + first.mapped();
        bytes += size;
        dirty_bytes_ -= size;
        (round_at_ = first.key()).push_back('\0');
        taken.push_back(std::move(first.key()));
    }
    return taken;
}

}  // namespace mykeyv::cluster
